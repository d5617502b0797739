package operate

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/stacks"
)

// Redrive lists an environment's events that failed for good, or sends chosen ones
// again: "ID,ID" or "all".
func Redrive(ctx context.Context, environment, chosen string, out io.Writer) error {
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	queues, err := deadletters.OfStack(ctx, cloud, stacks.StackName(environment))
	if err != nil {
		return err
	}
	ids := deadletters.IDs(chosen)
	if len(ids) == 0 {
		return list(ctx, queues, out)
	}
	sent, err := queues.Send(ctx, ids)
	for _, id := range sent {
		fmt.Fprintln(out, "sent again:", id)
	}
	fmt.Fprintf(out, "%d sent again\n", len(sent))
	return err
}

func list(ctx context.Context, queues deadletters.Queues, out io.Writer) error {
	dead, total, err := queues.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "id\tentry\tattempts\tfailed_at\treason")
	for _, l := range dead {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.ID, l.Entry, l.Attempts, l.FailedAt, l.Reason)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d shown of about %s\n", len(dead), total)
	return nil
}
