// Replays a history of the benchmark's ManyActivities with the official Go SDK.
// Usage: replay HISTORY REPLAYS. Prints one line: the processor time of this process (its garbage collector's included)
// and the time that passed, nanoseconds a replay.
package main

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

type benchInput struct {
	Number int64 `json:"number"`
}

// How many activities gave the code their result.
var resolved int

func manyActivities(ctx workflow.Context, input benchInput) (int64, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var sum int64
	for i := int64(0); i < input.Number; i++ {
		var result int64
		if err := workflow.ExecuteActivity(ctx, "bench_activity", benchInput{Number: i}).Get(ctx, &result); err != nil {
			return 0, err
		}
		resolved++
		sum += result
	}
	return sum, nil
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func replay(history *historypb.History, expected int) error {
	logger := sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(manyActivities, workflow.RegisterOptions{Name: "ManyActivities"})
	resolved = 0
	if err := replayer.ReplayWorkflowHistory(logger, history); err != nil {
		return err
	}
	if resolved != expected {
		return fmt.Errorf("%d of %d activities were replayed", resolved, expected)
	}
	return nil
}

func run(file string, replays int) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	history, err := client.HistoryFromJSON(in, client.HistoryJSONOptions{})
	if err != nil {
		return err
	}
	expected := 0
	for _, event := range history.Events {
		if event.EventType == enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED {
			expected++
		}
	}
	if err := replay(history, expected); err != nil { // warms up
		return err
	}
	runtime.GC()
	cpuBefore, before := cpu(), time.Now()
	for i := 0; i < replays; i++ {
		if err := replay(history, expected); err != nil {
			return err
		}
	}
	fmt.Println((cpu()-cpuBefore).Nanoseconds()/int64(replays), time.Since(before).Nanoseconds()/int64(replays))
	return nil
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: replay HISTORY REPLAYS")
	}
	replays, err := strconv.Atoi(os.Args[2])
	if err != nil || replays < 1 {
		log.Fatal("REPLAYS is a positive number")
	}
	if err := run(os.Args[1], replays); err != nil {
		log.Fatal(err)
	}
}
