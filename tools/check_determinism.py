#!/usr/bin/env python3
"""Looks into object files that hold workflow code for what must not be there: calls of clocks, threads, random sources,
processes, sockets, files and sleeps, and global variables that can be changed. docs/guide/determinism.md says what the
guard of a running worker finds besides. Usage: check_determinism.py [--nm NM] OBJECT_OR_ARCHIVE…"""
import argparse
import pathlib
import re
import subprocess
import sys

CLOCK = "use workflow::now()"
SLEEP = "use co_await workflow::sleep(…)"
RANDOM = "use workflow::random() or workflow::uuid4()"
THREAD = "start an activity, or run tasks side by side with workflow::all(…)"
ACTIVITY = "do it in an activity"
PARAMETER = "pass it to the workflow as a parameter"

# Of the names of what an object needs from elsewhere, as nm -C prints them.
CALLS = [
    (r"std::chrono::_V2::(system|steady)_clock::now\(\)|std::chrono::(system|steady)_clock::now\(\)", CLOCK),
    (r"(clock_gettime|gettimeofday|time|timespec_get|clock|ftime)", CLOCK),
    (r"(sleep|usleep|nanosleep|clock_nanosleep|poll|ppoll|select|pselect|epoll_wait)", SLEEP),
    (r"std::random_device::.*", RANDOM),
    (r"(rand|srand|random|srandom|[dlm]rand48|arc4random(_buf|_uniform)?|getrandom|getentropy)", RANDOM),
    (r"std::thread::.*|pthread_(create|cond_wait|cond_timedwait|cond_clockwait|mutex_timedlock|mutex_clocklock)|thrd_(create|sleep)|std::condition_variable::wait.*|std::this_thread::.*", THREAD),
    (r"(system|popen|v?fork|posix_spawnp?|exec(ve?|vpe?|lp?|le))", ACTIVITY),
    (r"(socket|socketpair|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|getaddrinfo|gethostbyname)", ACTIVITY),
    (r"std::basic_([io]?fstream|filebuf)<.*>::(open|basic_[io]?fstream|basic_filebuf)\(.*|std::__basic_file<.*>::open.*", ACTIVITY),
    (r"std::filesystem::(?!__cxx11::path|__cxx11::filesystem_error).*", ACTIVITY),
    (r"(open|openat)(64)?|__open(64)?_2|creat|fopen(64)?|freopen|opendir|l?stat|access|unlink|remove|rename|mkdir|rmdir|mkstemp|tmpfile(64)?|statx|statv?fs(64)?|readlink|realpath|(sym)?link|f?truncate(64)?|f?chmod|f?chown|f?chdir|getcwd|timerfd_create|eventfd|dlopen|dlmopen", ACTIVITY),
    (r"(secure_)?getenv|setenv|putenv|unsetenv|environ|getpid|gethostname|uname|sysinfo|sysconf|getrusage|times|localtime(_r)?|mktime|tzset|syscall", PARAMETER),
]
# Variables that nobody can change, and those that the compiler makes.
HARMLESS = re.compile(r"guard variable for|vtable for|typeinfo|VTT for|std::__ioinit|\.L|__dso_handle|kProcessActivityRegistered"
                      r"|construction vtable")


def symbols(nm, path, *options):
    done = subprocess.run([nm, *options, path], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{path}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def findings(nm, path):
    for line in symbols(nm, path, "-C", "-u"):
        name = re.sub(r"^\s*U\s+|@.*$", "", line).strip()
        for pattern, instead in CALLS:
            if re.fullmatch(pattern, name):
                yield f"calls {name}: {instead}"
    for line in symbols(nm, path, "-C", "--defined-only"):
        match = re.match(r"[0-9a-f]+ ([bBdD]) (.*)", line)
        if match and not HARMLESS.search(match[2]):
            yield f"has a variable that can be changed and outlives a run, {match[2]}: keep it in the workflow's object"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    found = 0
    for path in arguments.files:
        for finding in sorted(set(findings(arguments.nm, path))):
            print(f"{path.name}: {finding}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
