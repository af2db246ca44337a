// The hello program with the official Go SDK: a worker and a client in one process.
// Usage: hello HOST:PORT. Exits 0 when the history is what it has to be.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

type greeting struct {
	Greeting string
	Name     string
}

func composeGreeting(ctx context.Context, input greeting) (string, error) {
	activity.RecordHeartbeat(ctx, "composing")
	return fmt.Sprintf("%s, %s!", input.Greeting, input.Name), nil
}

func refuse(context.Context) error {
	return temporal.NewNonRetryableApplicationError("not today", "Refused", nil, "because")
}

// hello sleeps, waits for a signal and calls two activities, one of which fails.
func hello(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	if err := workflow.Sleep(ctx, 10*time.Millisecond); err != nil {
		return "", err
	}
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	var result string
	if err := workflow.ExecuteActivity(ctx, composeGreeting, greeting{word, name}).Get(ctx, &result); err != nil {
		return "", err
	}
	var refused *temporal.ApplicationError
	if err := workflow.ExecuteActivity(ctx, refuse).Get(ctx, nil); !errors.As(err, &refused) || refused.Type() != "Refused" {
		return "", fmt.Errorf("the activity was to refuse, got %v", err)
	}
	return result, nil
}

func run(target string) error {
	c, err := client.Dial(client.Options{HostPort: target})
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()

	queue := fmt.Sprintf("go-hello-%d", time.Now().UnixNano())
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(hello)
	w.RegisterActivity(composeGreeting)
	w.RegisterActivity(refuse)
	if err := w.Start(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	defer w.Stop()

	handle, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, hello, "World")
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if err := c.SignalWorkflow(ctx, queue, "", "word", "Hello"); err != nil {
		return fmt.Errorf("signal: %w", err)
	}
	var result string
	if err := handle.Get(ctx, &result); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	if result != "Hello, World!" {
		return fmt.Errorf("result %q", result)
	}
	return checkHistory(ctx, c, queue)
}

func checkHistory(ctx context.Context, c client.Client, id string) error {
	counts := map[enumspb.EventType]int{}
	iterator := c.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iterator.HasNext() {
		event, err := iterator.Next()
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		counts[event.EventType]++
	}
	for kind, wanted := range map[enumspb.EventType]int{
		enumspb.EVENT_TYPE_TIMER_FIRED:                  1,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:  1,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:      1,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:         1,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: 1,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:         0,
	} {
		if counts[kind] != wanted {
			return fmt.Errorf("%d %v in the history, wanted %d: %v", counts[kind], kind, wanted, counts)
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: hello HOST:PORT")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	fmt.Println("hello from Go: passed")
}
