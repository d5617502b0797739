package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"benchlingwebhook/internal/operate"
	"benchlingwebhook/internal/preflight"
)

// commands returns the program's commands.
func commands() []*cobra.Command {
	return []*cobra.Command{
		setupCommand(), doctorCommand(), preflightCommand(), deployCommand(), manifestCommand(), connectCommand(), statusCommand(), logsCommand(), redriveCommand(), migrateCommand(),
		verifyCommand(), backfillCommand(), imageCommand(),
	}
}

func setupCommand() *cobra.Command {
	options := operate.SetupOptions{}
	c := environmentFirst(&cobra.Command{
		Use:   "setup [--quilt-stack NAME] [--set NAME=VALUE]... [--yes] [--dry-run] [--json] ENVIRONMENT",
		Short: "Find Quilt's stack, ask what can't be found, and write the environment into cdk.json",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Setup(c.Context(), args[0], options, c.OutOrStdout())
		},
	}, 0)
	c.Flags().StringVar(&options.QuiltStack, "quilt-stack", "", "the CloudFormation stack of Quilt, or none; without it, it is looked for")
	c.Flags().StringArrayVar(&options.Set, "set", nil, "a setting of docs/settings.md; NAME= leaves it out")
	c.Flags().BoolVar(&options.Yes, "yes", false, "take what is found, ask nothing, and write")
	c.Flags().BoolVar(&options.DryRun, "dry-run", false, "show the change, and write nothing")
	c.Flags().BoolVar(&options.JSON, "json", false, "print the outcome as JSON")
	return c
}

func doctorCommand() *cobra.Command {
	asJSON := false
	c := environmentFirst(&cobra.Command{
		Use: "doctor [--json] ENVIRONMENT", Short: "Check everything that a deployment needs, and change nothing",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Doctor(c.Context(), args[0], asJSON, c.OutOrStdout())
		},
	}, 0)
	c.Flags().BoolVar(&asJSON, "json", false, "print what was found as JSON")
	return c
}

// createRoles adds the flag that preflight and deploy share.
func createRoles(flags *pflag.FlagSet, options *preflight.Options) {
	flags.BoolVar(&options.CreateRoles, "create-roles", false, "make the service-linked roles that the account lacks")
}

func preflightCommand() *cobra.Command {
	options, asJSON := preflight.Options{}, false
	c := environmentFirst(&cobra.Command{
		Use: "preflight [--create-roles] [--synthesized] [--json] ENVIRONMENT", Short: "Check what a deployment needs of the account",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Preflight(c.Context(), args[0], options, asJSON, c.OutOrStdout())
		},
	}, 0)
	createRoles(c.Flags(), &options)
	c.Flags().BoolVar(&options.Synthesized, "synthesized", false, "the deployment is of a finished template, in one step")
	c.Flags().BoolVar(&asJSON, "json", false, "print what was found as JSON")
	return c
}

func deployCommand() *cobra.Command {
	options := preflight.Options{}
	c := environmentFirst(&cobra.Command{
		Use: "deploy [--create-roles] ENVIRONMENT [CDK ARGUMENTS]", Short: "Check, then deploy with the CDK CLI",
		Long: "Check, then deploy with the CDK CLI. What is printed is the CLI's, so there is no --json: its --outputs-file FILE, after the environment, writes the outputs as JSON.",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Deploy(c.Context(), args[0], args[1:], options, c.OutOrStdout())
		},
	}, -1)
	createRoles(c.Flags(), &options)
	// What comes after the environment is the CDK CLI's.
	c.Flags().SetInterspersed(false)
	return c
}

func imageCommand() *cobra.Command {
	assembly, asJSON := "", false
	c := environmentFirst(&cobra.Command{
		Use: "image [--assembly FOLDER] [--json] ENVIRONMENT", Short: "Print the image that a synthesized environment deploys, by its digest in the registry",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Image(c.Context(), args[0], assembly, asJSON, c.OutOrStdout())
		},
	}, 0)
	c.Flags().StringVar(&assembly, "assembly", "cdk.out", "where the environment is synthesized")
	c.Flags().BoolVar(&asJSON, "json", false, "print name and digest as JSON")
	return c
}

func manifestCommand() *cobra.Command {
	asJSON := false
	c := environmentFirst(&cobra.Command{
		Use: "manifest [--json] ENVIRONMENT", Short: "Write the manifest from which Benchling's developer console makes the app",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Manifest(c.Context(), args[0], asJSON, c.OutOrStdout())
		},
	}, 0)
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON in place of YAML")
	return c
}

func connectCommand() *cobra.Command {
	options := operate.ConnectOptions{}
	c := environmentFirst(&cobra.Command{
		Use:   "connect [--file FILE] [--yes] [--dry-run] [--json] ENVIRONMENT",
		Short: "Try the credentials of Benchling's app, store them, and wait until both services are ready",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Connect(c.Context(), args[0], options, c.OutOrStdout())
		},
	}, 0)
	c.Flags().StringVar(&options.File, "file", "", "a JSON file of credentials that only you may read; - is standard input; without it, they are asked for")
	c.Flags().BoolVar(&options.Yes, "yes", false, "write without asking")
	c.Flags().BoolVar(&options.DryRun, "dry-run", false, "try the credentials, and change nothing")
	c.Flags().BoolVar(&options.JSON, "json", false, "print the outcome as JSON")
	return c
}

func statusCommand() *cobra.Command {
	options := operate.StatusOptions{}
	c := environmentFirst(&cobra.Command{
		Use: "status [--config] [--json] ENVIRONMENT", Short: "Say whether it is ready, or why not",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Status(c.Context(), args[0], options, c.OutOrStdout())
		},
	}, 0)
	c.Flags().BoolVar(&options.Config, "config", false, "print the settings in force, secrets masked")
	c.Flags().BoolVar(&options.JSON, "json", false, "print what the service says as JSON")
	return c
}

func logsCommand() *cobra.Command {
	options := operate.LogsOptions{}
	c := environmentFirst(&cobra.Command{
		Use:   "logs [--entry ID] [--webhook ID] [--since TIME] [--json] ENVIRONMENT",
		Short: "Print the log lines of both services by time: all, or an entry's, or a webhook's",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Logs(c.Context(), args[0], options, c.OutOrStdout())
		},
	}, 0)
	c.Flags().StringVar(&options.Entry, "entry", "", "the ID of an entry")
	c.Flags().StringVar(&options.Webhook, "webhook", "", "the ID of a webhook")
	c.Flags().DurationVar(&options.Since, "since", time.Hour, "how far back to look, such as 15m or 24h")
	c.Flags().BoolVar(&options.JSON, "json", false, "print the lines as they are")
	return c
}

func redriveCommand() *cobra.Command {
	asJSON := false
	c := environmentFirst(&cobra.Command{
		Use: "redrive [--json] ENVIRONMENT [ID,ID|all]", Short: "List the dead letters, or send some again",
		RunE: func(c *cobra.Command, args []string) error {
			chosen := ""
			if len(args) > 1 {
				chosen = args[1]
			}
			return operate.Redrive(c.Context(), args[0], chosen, asJSON, c.OutOrStdout())
		},
	}, 1)
	c.Flags().BoolVar(&asJSON, "json", false, "print the list, or what is sent, as JSON")
	return c
}

func migrateCommand() *cobra.Command {
	options := operate.MigrateOptions{}
	c := environmentFirst(&cobra.Command{
		Use: "migrate [--from STACK] [--config FILE] [--json] ENVIRONMENT", Short: "Say what a move from quiltdata's benchling-webhook is, and change nothing",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Migrate(c.Context(), args[0], options, c.OutOrStdout())
		},
	}, 0)
	c.Flags().StringVar(&options.From, "from", "", "the predecessor's stack, such as BenchlingWebhookStack")
	c.Flags().StringVar(&options.Config, "config", "", "its configuration file; without it, the one below ~/.config/benchling-webhook that names the stack")
	c.Flags().BoolVar(&options.JSON, "json", false, "print it as JSON")
	return c
}

func verifyCommand() *cobra.Command {
	options := operate.VerifyOptions{}
	c := environmentFirst(&cobra.Command{
		Use:   "verify [--timeout TIME] [--dry-run] [--json] ENVIRONMENT ENTRY",
		Short: "Send one entry through, as a canvas's button does, and report each station until Quilt's revision",
		RunE: func(c *cobra.Command, args []string) error {
			entry := ""
			if len(args) > 1 {
				entry = args[1]
			}
			return operate.Verify(c.Context(), args[0], entry, options, c.OutOrStdout())
		},
	}, 1)
	c.Flags().DurationVar(&options.Timeout, "timeout", operate.DefaultVerifyTimeout, "how long all stations together may take")
	c.Flags().BoolVar(&options.DryRun, "dry-run", false, "check front door, queue and table, and send nothing")
	c.Flags().BoolVar(&options.JSON, "json", false, "print the outcome as JSON")
	return c
}

func backfillCommand() *cobra.Command {
	options := operate.BackfillOptions{}
	c := environmentFirst(&cobra.Command{
		Use: "backfill [--file FILE] [--project ID] [--folder ID] [--schema ID] [--since TIME] [--until TIME] [--all] " +
			"[--outstanding N] [--per-minute N] [--journal FILE] [--wait] [--dry-run] [--json] ENVIRONMENT",
		Short: "Send existing entries through, behind other events; an interrupted run goes on where it was",
		RunE: func(c *cobra.Command, args []string) error {
			return operate.Backfill(c.Context(), args[0], options, c.OutOrStdout())
		},
	}, 0)
	flags := c.Flags()
	flags.StringVar(&options.File, "file", "", "a file of entry IDs, one a line; # begins a comment; - is standard input")
	flags.StringVar(&options.Filter.Project, "project", "", "entries of the project with this ID")
	flags.StringVar(&options.Filter.Folder, "folder", "", "entries that are in the folder with this ID itself")
	flags.StringVar(&options.Filter.Schema, "schema", "", "entries of the schema with this ID")
	flags.StringVar(&options.Filter.Since, "since", "", "entries that were changed last after this date or time")
	flags.StringVar(&options.Filter.Until, "until", "", "entries that were changed last before this date or time")
	flags.BoolVar(&options.Filter.All, "all", false, "every entry that the app sees")
	flags.IntVar(&options.Outstanding, "outstanding", operate.DefaultOutstanding, "send only while fewer events than this wait or are in work")
	flags.IntVar(&options.PerMinute, "per-minute", operate.DefaultPerMinute, "events a minute at most")
	flags.StringVar(&options.Journal, "journal", "", "what is sent, for the next run; without it, build/backfill-ENVIRONMENT.jsonl")
	flags.BoolVar(&options.Wait, "wait", false, "wait until every event has its outcome")
	flags.BoolVar(&options.DryRun, "dry-run", false, "count and estimate, and send nothing")
	flags.BoolVar(&options.JSON, "json", false, "print the outcome as JSON")
	return c
}
