// The benchmark's load with the official Go SDK: workflows with one activity, a fixed number of them under way.
// Usage: bench HOST:PORT CONCURRENT TOTAL. Prints one line: workflows a second, and the 50th and 99th percentile of the
// time from the start call to the result in microseconds.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"log/slog"
)

func addOne(_ context.Context, number int) (int, error) { return number + 1, nil }

func oneActivity(ctx workflow.Context, number int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var result int
	err := workflow.ExecuteActivity(ctx, addOne, number).Get(ctx, &result)
	return result, err
}

// load keeps `concurrent` workflows under way until `total` are done; returns how long each took.
func load(c client.Client, queue, prefix string, concurrent, total int) ([]time.Duration, error) {
	times := make([]time.Duration, total)
	numbers := make(chan int)
	failures := make(chan error, concurrent)
	var group sync.WaitGroup
	for i := 0; i < concurrent; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := range numbers {
				begun := time.Now()
				options := client.StartWorkflowOptions{ID: fmt.Sprintf("%s-%d", prefix, number), TaskQueue: queue}
				run, err := c.ExecuteWorkflow(context.Background(), options, oneActivity, number)
				var result int
				if err == nil {
					err = run.Get(context.Background(), &result)
				}
				if err == nil && result != number+1 {
					err = fmt.Errorf("workflow %d gave %d", number, result)
				}
				if err != nil {
					failures <- err
					return
				}
				times[number] = time.Since(begun)
			}
		}()
	}
	for number := 0; number < total; number++ {
		select {
		case numbers <- number:
		case err := <-failures:
			return nil, err
		}
	}
	close(numbers)
	group.Wait()
	select {
	case err := <-failures:
		return nil, err
	default:
		return times, nil
	}
}

func run(target string, concurrent, total int) error {
	quiet := sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	c, err := client.Dial(client.Options{HostPort: target, Logger: quiet})
	if err != nil {
		return err
	}
	defer c.Close()
	queue := fmt.Sprintf("go-bench-%d", time.Now().UnixNano())
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(oneActivity)
	w.RegisterActivity(addOne)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	if _, err := load(c, queue, queue+"-warm", concurrent, max(concurrent, total/10)); err != nil {
		return err
	}
	begun := time.Now()
	times, err := load(c, queue, queue, concurrent, total)
	if err != nil {
		return err
	}
	seconds := time.Since(begun).Seconds()
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	fmt.Printf("%f %d %d\n", float64(total)/seconds, times[total/2].Microseconds(), times[total*99/100].Microseconds())
	return nil
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: bench HOST:PORT CONCURRENT TOTAL")
	}
	concurrent, err1 := strconv.Atoi(os.Args[2])
	total, err2 := strconv.Atoi(os.Args[3])
	if err1 != nil || err2 != nil || concurrent < 1 || total < 1 {
		log.Fatal("CONCURRENT and TOTAL are positive numbers")
	}
	if err := run(os.Args[1], concurrent, total); err != nil {
		log.Fatal(err)
	}
}
