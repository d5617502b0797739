package engine

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Mirror returns the address of the Debian archive that the machine's own apt
// sources name for its suite (such as "bookworm"), reading sources.list and
// both formats of sources.list.d under aptDir (normally /etc/apt). Archives of
// updates and of third parties don't have a suite of exactly that name with
// component main, or are listed after Debian's.
func Mirror(aptDir, suite string) (string, error) {
	paths := []string{filepath.Join(aptDir, "sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		found, err := filepath.Glob(filepath.Join(aptDir, "sources.list.d", pattern))
		if err != nil {
			return "", fmt.Errorf("list apt sources: %w", err)
		}
		sort.Strings(found)
		paths = append(paths, found...)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read apt sources: %w", err)
		}
		find := mirrorInList
		if strings.HasSuffix(path, ".sources") {
			find = mirrorInDeb822
		}
		if uri := find(string(text), suite); uri != "" {
			return uri, nil
		}
	}
	return "", fmt.Errorf("%s: no apt source for suite %q with component main: add Debian's archive to sources.list", aptDir, suite)
}

// mirrorInList reads the one-line format: deb [options] URI SUITE COMPONENT…
func mirrorInList(text, suite string) string {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "deb ")
		if !ok {
			continue
		}
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "[") {
			_, line, _ = strings.Cut(line, "]")
		}
		fields := strings.Fields(line)
		if len(fields) >= 3 && fields[1] == suite && contains(fields[2:], "main") {
			return fields[0]
		}
	}
	return ""
}

// mirrorInDeb822 reads stanzas of "Key: values", separated by empty lines.
func mirrorInDeb822(text, suite string) string {
	for _, stanza := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		fields := map[string][]string{}
		key := ""
		for _, line := range strings.Split(stanza, "\n") {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
				key = strings.ToLower(name)
				fields[key] = strings.Fields(value)
				continue
			}
			fields[key] = append(fields[key], strings.Fields(line)...)
		}
		enabled := len(fields["enabled"]) == 0 || fields["enabled"][0] != "no"
		if enabled && contains(fields["types"], "deb") && contains(fields["suites"], suite) &&
			contains(fields["components"], "main") && len(fields["uris"]) > 0 {
			return fields["uris"][0]
		}
	}
	return ""
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
