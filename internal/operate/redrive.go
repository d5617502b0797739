package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/stacks"
)

// deadLetter is an event that failed for good, as programs read it.
type deadLetter struct {
	ID    string `json:"id"`
	Entry string `json:"entry"`
	// Attempts and FailedAt are empty where the worker died and left no reason.
	Attempts string `json:"attempts"`
	FailedAt string `json:"failedAt"`
	Reason   string `json:"reason"`
}

// Redrive lists an environment's events that failed for good, or sends chosen ones
// again: "ID,ID" or "all". As JSON, it prints what is there, or what it has sent, as one
// object.
func Redrive(ctx context.Context, environment, chosen string, asJSON bool, out io.Writer) error {
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	queues, err := deadletters.OfStack(ctx, cloud, stacks.StackName(environment))
	if err != nil {
		return err
	}
	if ids := deadletters.IDs(chosen); len(ids) > 0 {
		return sendAgain(ctx, queues, ids, asJSON, out)
	}
	dead, total, err := queues.List(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return printDeadLetters(dead, total, out)
	}
	return tabulate(dead, total, out)
}

// sendAgain sends dead letters again, and says which, also where not all could be sent.
func sendAgain(ctx context.Context, queues deadletters.Queues, ids []string, asJSON bool, out io.Writer) error {
	sent, err := queues.Send(ctx, ids)
	if asJSON {
		return errors.Join(err, printJSON(out, map[string][]string{"sent": orEmpty(sent)}))
	}
	for _, id := range sent {
		fmt.Fprintln(out, "sent again:", id)
	}
	fmt.Fprintf(out, "%d sent again\n", len(sent))
	return err
}

// printDeadLetters prints the dead letters that SQS has shown, and about how many there
// are in all.
func printDeadLetters(dead []deadletters.Event, total string, out io.Writer) error {
	about, err := strconv.Atoi(total)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	listed := struct {
		DeadLetters []deadLetter `json:"deadLetters"`
		About       int          `json:"about"`
	}{[]deadLetter{}, about}
	for _, l := range dead {
		listed.DeadLetters = append(listed.DeadLetters, deadLetter{l.ID, l.Entry, l.Attempts, l.FailedAt, l.Reason})
	}
	return printJSON(out, listed)
}

func tabulate(dead []deadletters.Event, total string, out io.Writer) error {
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
