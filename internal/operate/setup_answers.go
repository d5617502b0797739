package operate

import (
	"context"
	"fmt"
	"strings"

	"benchlingwebhook/stacks"
)

// propose takes a setting that isn't decided: what a person answers, or, where nobody is
// asked, the only proposal.
func (s *setup) propose(ctx context.Context, name, question string, proposals ...string) error {
	proposals = nonEmpty(proposals)
	if s.decided(name) {
		return nil
	}
	if s.asksNobody() {
		if len(proposals) == 1 {
			s.answer(name, proposals[0])
		}
		return nil
	}
	for {
		said, err := s.askFor(ctx, question, proposals)
		if err != nil || said == "" || s.answer(name, said) {
			return err
		}
	}
}

// askFor returns an answer; Enter takes the only proposal, and - none.
func (s *setup) askFor(ctx context.Context, question string, proposals []string) (string, error) {
	if len(proposals) != 1 {
		return s.choose(ctx, question+"; Enter for none", proposals)
	}
	said, err := s.person.ask(ctx, fmt.Sprintf("%s; - for none [%s]: ", question, proposals[0]), false)
	switch said = strings.TrimSpace(said); said {
	case "":
		return proposals[0], err
	case "-":
		return "", err
	}
	return said, err
}

// choose returns the item of a list that a person names by its number, or what else was
// typed.
func (s *setup) choose(ctx context.Context, question string, list []string) (string, error) {
	for i, one := range list {
		fmt.Fprintf(s.out, "%3d  %s\n", i+1, one)
	}
	said, err := s.person.ask(ctx, question+": ", false)
	return number(strings.TrimSpace(said), list), err
}

// answer takes what was said for a setting, and says what is wrong with it otherwise.
func (s *setup) answer(name, said string) bool {
	value, err := stacks.ParseSetting(name, said)
	if err != nil {
		fmt.Fprintln(s.out, err)
		return false
	}
	s.changes[name] = value
	return true
}

// nonEmpty returns the texts that aren't empty.
func nonEmpty(texts []string) []string {
	var all []string
	for _, one := range texts {
		if one != "" {
			all = append(all, one)
		}
	}
	return all
}
