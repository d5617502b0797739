package imagecontract

import "benchlingwebhook/internal/secrets"

// refuseSecret refuses a variable by its name: its value stays in the image.
func (r *reader) refuseSecret(line int, instruction, name string) {
	if secrets.Named(name) {
		r.problems.add(line, "%s %q: looks like a secret, and stays readable in the image: mount it as a build secret, or let ECS inject it", instruction, name)
	}
}
