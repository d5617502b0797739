package imagecontract

import (
	"net"
	"path"
	"regexp"
	"strings"
)

// script matches the interpreters whose code a probe may hold.
var script = regexp.MustCompile(`^(python[\d.]*|node|nodejs|deno|bun|ruby|perl|php)$`)

// script reads the code after -c, -e or -r for the addresses that it asks for; what
// it does of them is judged by the names in it.
func (s *simulation) script(p invocation) int {
	name, code := path.Base(p.words[0]), ""
	for i, word := range p.words {
		if i+1 < len(p.words) && (word == "-c" || word == "-e" || word == "-r" || word == "--eval" || word == "eval" || word == "-p") {
			code = p.words[i+1]
			break
		}
	}
	if code == "" {
		return s.other(name, p)
	}
	joined, unset := joinStrings(code, p.lookup)
	if unset != "" {
		return s.problem("no ENV sets %s: set it by ENV, since an ARG is gone when the image runs", unset)
	}
	for _, found := range literalURL.FindAllStringSubmatch(joined, -1) {
		if found[2] != "" || strings.ContainsAny(found[1], "{}%") {
			return s.problem("the address in the code can't be read: write it whole, as http://localhost:PORT/PATH")
		}
		if asks.MatchString(code) {
			s.request(found[1])
		}
	}
	connection, asked := connects.FindStringSubmatch(joined), requestLine.FindStringSubmatch(joined)
	if connection != nil && asked != nil {
		s.request("http://" + net.JoinHostPort(connection[1], connection[2]) + asked[1])
	}
	switch {
	case s.outcome == responds:
		return 0
	case s.outcome == notRunning && raisesDown(code):
		return 1
	case s.outcome == failing && raisesDown(code) && raisesError(code):
		return 1
	}
	return 0
}

var (
	// asks matches what makes a request.
	asks = regexp.MustCompile(`urlopen|urlretrieve|requests|httpx|http|urllib3|aiohttp|fetch|open|file_get_contents|LWP|curl|socket`)
	// connects and requestLine match a request of Python's http.client.
	connects    = regexp.MustCompile(`HTTPConnection\(\s*['"]([^'"]+)['"]\s*,\s*(?:port\s*=\s*)?(?:int\()?['"]?(\d+)`)
	requestLine = regexp.MustCompile(`request\(\s*['"](?:GET|HEAD)['"]\s*,\s*['"]([^'"]+)['"]`)
	// catches matches what keeps an exception from ending the program.
	catches = regexp.MustCompile(`\bexcept\b|suppress\(|\bcatch\b|\brescue\b`)
	// exits matches what ends the program with an error, or may.
	exits = regexp.MustCompile(`\bexit\b\s*\(?\s*[^0\s)]|\bexit\b\s*\(\s*0\s*if|\bquit\(\s*[^0)]|\braise\b|\bthrow\b|\bassert\b|raise_for_status|exitCode|\bdie\b|\babort\b`)
	// raises matches the requests that raise at an error of the response.
	raises = regexp.MustCompile(`urlopen|urlretrieve|raise_for_status|file_get_contents|\bopen\(`)
)

// raisesDown reports whether code ends with an error where nothing listens.
func raisesDown(code string) bool { return !catches.MatchString(code) || exits.MatchString(code) }

// raisesError reports whether code ends with an error where the response is one.
func raisesError(code string) bool { return raises.MatchString(code) || exits.MatchString(code) }

var (
	// environment matches a look-up of a variable: its name, and its default.
	environment = regexp.MustCompile(`(?:\b\w+\.)?(?:environ(?:\.get)?|getenv|ENV(?:\.fetch)?)\s*[\[(]\s*['"](\w+)['"]\s*(?:,\s*['"]?([^'"\])]*)['"]?\s*)?[\])]|process\.env\.(\w+)`)
	assigned    = regexp.MustCompile(`\b([A-Za-z_]\w*)\s*=\s*("[^"]*"|'[^']*'|\d+)`)
	converted   = regexp.MustCompile(`\b(?:str|int|String)\(\s*("[^"]*"|'[^']*'|\d+)\s*\)`)
	inBraces    = regexp.MustCompile(`[$#]?\{\s*(?:"([^"{}]*)"|'([^'{}]*)'|(\d+))\s*(?:![rsa])?\}`)
	added       = regexp.MustCompile(`['"]\s*\+\s*[frb]?['"]`)
	addedNumber = regexp.MustCompile(`(['"])\s*\+\s*(\d+)\b`)
	formatted   = regexp.MustCompile(`%[sd]([^'"]*)['"]\s*%\s*\(?\s*['"]?([\w.:-]+)['"]?\s*,?\s*\)?`)
	dotFormat   = regexp.MustCompile(`\{0?\}([^'"]*)(['"])\.format\(\s*['"]?([\w.:-]+)['"]?\s*\)`)
	// literalURL matches an address in a string: the address, and what is added to it.
	literalURL = regexp.MustCompile("(https?://[^\\s\"'`]+)[\"'`]?(\\s*\\+|\\s*%\\s|\\.format)?")
)

// joinStrings replaces variables of the environment and names by their values, and
// joins the strings that code adds or formats. It returns the name of a variable
// that isn't set, if there is one.
func joinStrings(code string, lookup func(string) (string, bool)) (joined, unset string) {
	joined = environment.ReplaceAllStringFunc(code, func(text string) string {
		parts := environment.FindStringSubmatch(text)
		name := parts[1] + parts[3]
		value, set := lookup(name)
		if !set && parts[2] == "" {
			unset = name
		} else if !set {
			value = parts[2]
		}
		return `"` + value + `"`
	})
	joined = converted.ReplaceAllString(joined, "$1")
	for _, pair := range assigned.FindAllStringSubmatch(joined, -1) {
		name := regexp.QuoteMeta(pair[1])
		joined = regexp.MustCompile(`\{\s*`+name+`\s*\}`).ReplaceAllLiteralString(joined, "{"+pair[2]+"}")
		joined = regexp.MustCompile(`\+\s*`+name+`\b`).ReplaceAllLiteralString(joined, "+"+pair[2])
		joined = regexp.MustCompile(`\b`+name+`\s*\+`).ReplaceAllLiteralString(joined, pair[2]+"+")
	}
	joined = inBraces.ReplaceAllString(joined, "$1$2$3")
	joined = addedNumber.ReplaceAllString(joined, "$1+$1$2$1")
	joined = added.ReplaceAllString(joined, "")
	joined = formatted.ReplaceAllString(joined, `$2$1'`)
	return dotFormat.ReplaceAllString(joined, "$3$1$2"), unset
}
