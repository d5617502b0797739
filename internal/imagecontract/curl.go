package imagecontract

import (
	"io"
	"regexp"
	"slices"
	"strings"
)

// curlValued are curl's options that take a value: letters, and names.
// Source: curl's manual page.
const curlValued = "AbcCdDeEFhHKmoPQrtTuUwxXyYz"

var curlNamed = strings.Fields(`--max-time --connect-timeout --output --header --request --retry --retry-delay
--retry-max-time --user --user-agent --data --data-raw --data-binary --data-ascii --data-urlencode --json --url
--write-out --resolve --unix-socket --abstract-unix-socket --interface --cacert --capath --cert --key --proxy
--noproxy --cookie --cookie-jar --referer --range --form --config --dump-header --proto --proto-default
--max-redirs --connect-to --ciphers --tls-max --limit-rate --speed-limit --speed-time --stderr --trace
--trace-ascii --keepalive-time --dns-servers --upload-file --expect100-timeout --max-filesize --output-dir
--oauth2-bearer --local-port --happy-eyeballs-timeout-ms --parallel-max --variable --hostpubmd5 --pass --rate`)

// flags are the options and operands of a command.
type flags struct {
	set      map[string]string // by name, with dashes; the last value counts
	operands []string
}

func (f flags) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, set := f.set[name]; return set })
}

// parseFlags reads a command's words: letters may be joined, and a value follows
// in the same word or in the next.
func parseFlags(words []string, valued string, named []string) flags {
	read := flags{set: map[string]string{}}
	for i := 0; i < len(words); i++ {
		word := words[i]
		next := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch name, value, joined := strings.Cut(word, "="); {
		case word == "--":
			read.operands = append(read.operands, words[i+1:]...)
			return read
		case strings.HasPrefix(word, "--"):
			if !joined && slices.Contains(named, name) {
				value = next()
			}
			if read.set[name] = value; name == "--url" {
				read.operands = append(read.operands, value)
			}
		case strings.HasPrefix(word, "-") && word != "-":
			for at, letter := range word[1:] {
				rest := word[1+at+len(string(letter)):]
				if !strings.ContainsRune(valued, letter) {
					read.set["-"+string(letter)] = ""
					continue
				}
				if rest == "" {
					rest = next()
				}
				read.set["-"+string(letter)] = rest
				break
			}
		default:
			read.operands = append(read.operands, word)
		}
	}
	return read
}

// statusVariable matches what curl's --write-out replaces by the status.
var statusVariable = regexp.MustCompile(`%\{(http_code|response_code)\}`)

// curl asks for each operand. It fails where nothing listens, and with -f where the
// response is an error.
func (s *simulation) curl(p invocation) int {
	read := parseFlags(p.words[1:], curlValued, curlNamed)
	if problem := curlElsewhere(read); problem != "" {
		return s.problem("%s", problem)
	}
	listening := true
	for _, url := range read.operands {
		listening = s.request(url)
	}
	if len(read.operands) == 0 {
		return 2
	}
	fails := read.has("-f", "--fail", "--fail-with-body")
	if listening && !read.has("-o", "--output", "-O", "--remote-name") && (s.outcome == responds || !fails || read.has("--fail-with-body")) {
		_, _ = io.WriteString(p.stdout, body(s.outcome))
	}
	format := read.set["-w"] + read.set["--write-out"]
	format = strings.NewReplacer(`\n`, "\n", `\r`, "").Replace(statusVariable.ReplaceAllString(format, []string{"200", "503", "000"}[s.outcome]))
	_, _ = io.WriteString(p.stdout, format)
	switch {
	case !listening:
		return 7
	case s.outcome == failing && fails:
		return 22
	}
	return 0
}

// curlElsewhere says why curl's options don't ask the service as a target group does.
func curlElsewhere(read flags) string {
	method := strings.ToUpper(read.set["-X"] + read.set["--request"])
	switch {
	case read.has("-x", "--proxy", "--unix-socket", "--abstract-unix-socket", "--connect-to", "--resolve"):
		return "doesn't ask the address itself: leave proxy, socket and --resolve out"
	case method != "" && method != "GET" && method != "HEAD":
		return "asks by " + method + ", but a target group checks by GET: probe by GET"
	case method == "" && !read.has("-G", "--get") && read.has("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json", "-F", "--form", "-T", "--upload-file"):
		return "sends a body, but a target group checks by GET: probe by GET"
	}
	return ""
}

// body returns what a response holds.
func body(given outcome) string {
	if given == responds {
		return goodBody
	}
	return badBody
}

// wgetValued are wget's options that take a value, of GNU's and of BusyBox's.
// Source: the manuals of GNU Wget and BusyBox.
const wgetValued = "aABDeiIlOoPQRtTUwXY"

var wgetNamed = strings.Fields(`--timeout --tries --output-document --output-file --append-output --user-agent
--header --post-data --post-file --method --body-data --connect-timeout --read-timeout --dns-timeout
--directory-prefix --user --password --wait --waitretry --level --execute --bind-address --quota --limit-rate
--http-user --http-password --ca-certificate --max-redirect --referer --input-file --report-speed`)

// wget asks for each operand, and fails where nothing listens or the response is
// an error.
func (s *simulation) wget(p invocation) int {
	read := parseFlags(p.words[1:], wgetValued, wgetNamed)
	if method := strings.ToUpper(read.set["--method"]); read.has("--post-data", "--post-file") || (method != "" && method != "GET" && method != "HEAD") {
		return s.problem("doesn't ask by GET, as a target group checks: probe by GET")
	}
	listening := true
	for _, url := range read.operands {
		listening = s.request(url)
	}
	if len(read.operands) == 0 {
		return 1
	}
	toStdout := read.set["-O"] == "-" || read.set["--output-document"] == "-"
	if s.outcome == responds && toStdout && !read.has("--spider") {
		_, _ = io.WriteString(p.stdout, goodBody)
	}
	if listening {
		_, _ = io.WriteString(p.stderr, body(s.outcome))
	}
	return []int{0, 8, 4}[s.outcome]
}
