#include "guard/where.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fmt/core.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace perdure::guard {
namespace {

struct Symbol {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  std::string name;  // mangled
};

template <class T>
bool read_at(std::ifstream& file, std::uint64_t offset, T* out, std::size_t count = 1) {
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(out), static_cast<std::streamsize>(count * sizeof(T)));
  return file.good();
}

std::string name_at(const std::vector<char>& names, std::uint32_t offset) {
  return offset < names.size() ? std::string(&names[offset]) : std::string();
}

// The functions of an ELF file; none when it is stripped or cannot be read.
std::vector<Symbol> read_symbols(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (!read_at(file, 0, &header) ||
      std::string_view(reinterpret_cast<const char*>(header.e_ident), 4) != ELFMAG) {
    return {};
  }
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (sections.empty() || !read_at(file, header.e_shoff, sections.data(), sections.size())) {
    return {};
  }
  const auto table = std::find_if(sections.begin(), sections.end(),
                                  [](const Elf64_Shdr& section) { return section.sh_type == SHT_SYMTAB; });
  if (table == sections.end() || table->sh_link >= sections.size()) {
    return {};
  }
  std::vector<Elf64_Sym> entries(table->sh_size / sizeof(Elf64_Sym));
  std::vector<char> names(sections[table->sh_link].sh_size + 1);
  if (!read_at(file, table->sh_offset, entries.data(), entries.size()) ||
      !read_at(file, sections[table->sh_link].sh_offset, names.data(), names.size() - 1)) {
    return {};
  }
  std::vector<Symbol> symbols;
  for (const Elf64_Sym& entry : entries) {
    if (ELF64_ST_TYPE(entry.st_info) == STT_FUNC && entry.st_value != 0) {
      symbols.push_back({entry.st_value, entry.st_size, name_at(names, entry.st_name)});
    }
  }
  return symbols;
}

// "Order::run(int)" for "_ZN5Order3runEi.resume".
std::string readable(const std::string& mangled) {
  const std::string plain = mangled.substr(0, mangled.find('.'));
  int status = 0;
  char* demangled = abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &status);
  std::string name = status == 0 && demangled != nullptr ? demangled : plain;
  std::free(demangled);
  return name;
}

bool starts_with_any(std::string_view text, std::initializer_list<const char*> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const char* beginning) { return text.rfind(beginning, 0) == 0; });
}

// Of the standard library's templates, and of this room.
bool is_library_code(const std::string& mangled) {
  return starts_with_any(mangled, {"_ZNSt", "_ZNKSt", "_ZSt", "_ZN9__gnu_cxx", "_ZN7perdure5guard"});
}

struct Place {
  std::string file;
  std::uint64_t offset = 0;
};

std::optional<Place> place_of(void* address) {
  Dl_info info{};
  link_map* map = nullptr;
  if (dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0) {
    return std::nullopt;
  }
  // The frame holds the address after the call, which may belong to the next function already.
  const std::uint64_t offset = reinterpret_cast<std::uint64_t>(address) - map->l_addr - 1;
  std::error_code unknown;
  const std::string file = map->l_name[0] == '\0'
                               ? std::filesystem::read_symlink("/proc/self/exe", unknown).string()
                               : std::string(map->l_name);
  return Place{file, offset};
}

// Frames of a Violation that are the guard's: Scope::note() and the function that is guarded.
constexpr std::size_t kGuardFrames = 2;

// Where the shared library lies that gives this program its malloc; null: none does but the C library, or the
// program brings its own.
const void* find_allocator_library() noexcept {
  Dl_info allocator{};
  Dl_info c_library{};
  Dl_info program{};
  void* malloc_address = dlsym(RTLD_DEFAULT, "malloc");
  void* exit_address = dlsym(RTLD_DEFAULT, "_exit");
  if (malloc_address == nullptr || dladdr(malloc_address, &allocator) == 0 ||
      dladdr(exit_address, &c_library) == 0 ||
      dladdr(reinterpret_cast<void*>(&find_allocator_library), &program) == 0) {
    return nullptr;
  }
  const bool own = allocator.dli_fbase != c_library.dli_fbase && allocator.dli_fbase != program.dli_fbase;
  return own ? allocator.dli_fbase : nullptr;
}

const void* allocator_library() noexcept {
  static const void* const library = find_allocator_library();
  return library;
}

bool is_allocating_function(std::string_view mangled) {
  return mangled == "malloc" || mangled == "calloc" || mangled == "realloc" || mangled == "free" ||
         mangled == "aligned_alloc" || mangled == "posix_memalign" || mangled == "memalign" ||
         mangled == "reallocarray" || starts_with_any(mangled, {"_Znw", "_Zna", "_Zdl", "_Zda"});
}

}  // namespace

void prepare_backtrace() noexcept {
  static const bool prepared = [] {
    std::array<void*, 1> frame{};
    backtrace(frame.data(), 1);  // the first one loads a library
    allocator_library();
    return true;
  }();
  static_cast<void>(prepared);
}

bool made_by_allocator(const Violation& violation) noexcept {
  for (std::size_t i = kGuardFrames; i < violation.depth; ++i) {
    Dl_info info{};
    if (dladdr(violation.frames[i], &info) == 0) {
      continue;
    }
    const bool called_by_library = i == kGuardFrames && info.dli_fbase == allocator_library();
    if (called_by_library || (info.dli_sname != nullptr && is_allocating_function(info.dli_sname))) {
      return true;
    }
  }
  return false;
}

std::string describe_caller(const Violation& violation) {
  std::string read_file;
  std::vector<Symbol> symbols;
  for (std::size_t i = 0; i < violation.depth; ++i) {
    const std::optional<Place> place = place_of(violation.frames[i]);
    if (!place) {
      continue;
    }
    const std::string program = std::filesystem::path(place->file).filename();
    if (starts_with_any(program, {"libc.", "libstdc++.", "libc++", "libpthread.", "libgcc_s."})) {
      continue;
    }
    if (read_file != place->file) {
      read_file = place->file;
      symbols = read_symbols(read_file);
    }
    const auto symbol = std::find_if(symbols.begin(), symbols.end(), [&](const Symbol& candidate) {
      return place->offset >= candidate.begin && place->offset - candidate.begin < candidate.size;
    });
    if (symbol == symbols.end()) {
      if (symbols.empty() && i > 1) {  // stripped; the first two frames are the guard's
        return fmt::format(" in {}+{:#x}", program, place->offset);
      }
      continue;
    }
    if (symbol->name != violation.function && !is_library_code(symbol->name)) {
      return fmt::format(" in {} ({}+{:#x})", readable(symbol->name), program, place->offset);
    }
  }
  return "";
}

}  // namespace perdure::guard
