package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMirror(t *testing.T) {
	cases := map[string]struct {
		files map[string]string
		want  string
	}{
		"one-line format": {
			files: map[string]string{"sources.list": "# deb http://off.example/debian bookworm main\ndeb-src http://src.example/debian bookworm main\n" +
				"deb http://mirror.example/debian bookworm main contrib # ours\n"},
			want: "http://mirror.example/debian",
		},
		"options in brackets": {
			files: map[string]string{"sources.list.d/debian.list": "deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main\n"},
			want:  "https://mirror.example/debian",
		},
		"updates come first": {
			files: map[string]string{"sources.list": "deb http://security.example/debian bookworm-security main\ndeb http://mirror.example/debian bookworm main\n"},
			want:  "http://mirror.example/debian",
		},
		"deb822 with comments, folding and a disabled stanza": {
			files: map[string]string{"sources.list.d/debian.sources": "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n\n" +
				"Types: deb deb-src\n# a snapshot: http://snapshot.example\nURIs: http://mirror.example/debian\nSuites: bookworm-updates\n bookworm\nComponents: main\n"},
			want: "http://mirror.example/debian",
		},
		"third parties are passed over": {
			files: map[string]string{
				"sources.list.d/a.list":         "deb http://other.example/apt sdk-bookworm main\n",
				"sources.list.d/debian.sources": "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n",
			},
			want: "http://mirror.example/debian",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Mirror(aptDirectory(t, c.files), "bookworm")
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestMirrorNotFound(t *testing.T) {
	dir := aptDirectory(t, map[string]string{"sources.list": "deb http://mirror.example/debian trixie main\n"})
	_, err := Mirror(dir, "bookworm")
	want := dir + `: no apt source for suite "bookworm" with component main: add Debian's archive to sources.list`
	if err == nil || err.Error() != want {
		t.Fatalf("got %v; want %s", err, want)
	}
}

func aptDirectory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sources.list.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text, 0o644)
	}
	return dir
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestAptKnowsOnlyTheEnginesRelease(t *testing.T) {
	files := aptFiles("/a", "http://mirror.example/debian")
	if !strings.Contains(files["sources.list"], "http://mirror.example/debian trixie main") ||
		!strings.Contains(files["apt.conf"], `Dir::State::status "/a/status"`) {
		t.Fatalf("unexpected files: %v", files)
	}
}
