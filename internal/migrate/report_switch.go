package migrate

import (
	"cmp"
	"fmt"
	"io"
)

// lines prints each text as a line.
func lines(out io.Writer, texts ...string) {
	for _, text := range texts {
		fmt.Fprintln(out, "  "+text)
	}
}

// steps prints each text as a numbered line.
func steps(out io.Writer, texts ...string) {
	for i, text := range texts {
		fmt.Fprintf(out, "  %d. %s\n", i+1, text)
	}
}

func (f Former) writePackages(out io.Writer, _ Target) {
	lines(out,
		"Names stay: PREFIX/DISPLAY_ID, as long as packagePrefix and packageBucket are the same. Two cases get the entry's ID:",
		"a display ID that Quilt doesn't allow, and one that an entry of another project has already.",
		"Metadata that stays: authors, created_at, creator, display_id, entry_id, links, modified_at, name, web_url.",
		"Metadata that changes: files is a list of path and size, no object by name; folder_id and schema are new.",
		"Metadata that goes: package_name, export_timestamp, benchling_base_url, webhook_data, canvas_id.",
		"The predecessor's files in a package belong to nobody here: they stay, and an export puts its own below export/ where",
		"one is in the way. To have them replaced, delete them before the entry's next export; older revisions keep them.",
	)
}

func (f Former) writeCanvases(out io.Writer, to Target) {
	lines(out,
		to.Canvases,
		"They keep working if the same app of Benchling is connected: a press on an old button does what it says, or redraws the",
		"canvas, and the next change of an entry redraws its canvases. Canvases of another app stay that app's.",
	)
}

func (f Former) writeSwitch(out io.Writer, to Target) {
	there := cmp.Or(to.WebhookURL, "the output WebhookUrl, which the first deployment prints")
	remove := "Remove it with its own `destroy`. The package bucket and Quilt's queue aren't its own, and stay."
	if f.isIntegrated() {
		remove = "Set the Quilt stack's parameter BenchlingWebhook to Disabled. The bucket and the queue stay."
	}
	steps(out,
		fmt.Sprintf("Set what is listed above, then `make deploy ENVIRONMENT=%s`. Both stacks run side by side; no name is shared.", to.Environment),
		fmt.Sprintf("`make connect ENVIRONMENT=%s` with the credentials of the same app, then `make status ENVIRONMENT=%s` until it says ready.", to.Environment, to.Environment),
		fmt.Sprintf("In Benchling's developer console, set the app's webhook URL to %s; both routings work. Add v2.canvas.initialized to its subscriptions.", there),
		"Press Update package in one entry, and look at its package in Quilt.",
		"Leave the predecessor running until its queue of packaging requests is empty, and as long as you want the way back.",
		remove,
	)
	lines(out,
		"An app has one webhook URL: each event reaches one of the two. With a second app, both get each event, and both make a",
		"revision of the same package from the same prefix. Nothing is lost: what the other one wrote isn't replaced here, but the",
		"predecessor replaces what it finds. Give a trial a packagePrefix of its own.",
	)
}

func (f Former) writeWayBack(out io.Writer, to Target) {
	back := cmp.Or(f.endpoint(), "the URL that it has now: note it")
	steps(out,
		"In Benchling's developer console, set the app's webhook URL to "+back+".",
		fmt.Sprintf("Leave environment %s running until `make redrive ENVIRONMENT=%s` shows nothing to send, then destroy its stack.", to.Environment, to.Environment),
	)
	lines(out,
		"Packages keep their names and revisions; delete export/ below a package that has one. Canvases keep working: the buttons",
		"that are drawn here are named as the predecessor's.",
	)
}
