package stacks

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// The most characters of a host's name and of each of its labels.
//
// Source: RFC 1035, section 2.3.4, without the dot that ends the name.
const (
	longestHostName = 253
	longestLabel    = 63
)

var (
	label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	// topLevel is the last label: letters, or punycode.
	//
	// Source: RFC 3696, section 2; RFC 5890, section 2.3.2.1.
	topLevel = regexp.MustCompile(`^([a-z]{2,}|xn--[a-z0-9-]+)$`)
)

// hostNameFaults returns what is wrong with a host's name, fully qualified and in
// lower case; one with letters beyond ASCII is in punycode.
func hostNameFaults(text string) []string {
	if at, err := url.Parse(text); err == nil && at.Host != "" {
		return []string{fmt.Sprintf("it is a URL, whose host is %q", at.Hostname())}
	}
	if name, rest, found := strings.Cut(text, "/"); found {
		return []string{fmt.Sprintf("it has %q behind the name %q", "/"+rest, name)}
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return []string{"it is an IP address"}
	}
	if name, port, found := strings.Cut(text, ":"); found {
		return []string{fmt.Sprintf("it has the port %q behind the name %q", port, name)}
	}
	if strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
		if ascii, err := idna.Lookup.ToASCII(text); err == nil {
			return []string{fmt.Sprintf("it has letters beyond ASCII; in punycode it is %q", ascii)}
		}
	}
	switch lower := strings.ToLower(text); {
	case strings.Contains(text, "*"):
		return []string{"it has a wildcard"}
	case strings.HasSuffix(text, "."):
		return []string{"it ends with a dot"}
	case lower != text:
		return []string{fmt.Sprintf("it has capitals; in lower case it is %q", lower)}
	case len(text) > longestHostName:
		return []string{fmt.Sprintf("a name has at most %d characters, not %d", longestHostName, len(text))}
	}
	labels := strings.Split(text, ".")
	if len(labels) == 1 {
		return []string{"it has no domain"}
	}
	var faults []string
	for _, one := range labels {
		if fault := labelFault(one); fault != "" {
			faults = append(faults, fault)
		}
	}
	if last := labels[len(labels)-1]; len(faults) == 0 && !topLevel.MatchString(last) {
		faults = append(faults, fmt.Sprintf("%q is no top-level domain", last))
	}
	return faults
}

// labelFault returns what is wrong with the text between two dots, or nothing.
func labelFault(text string) string {
	switch {
	case text == "":
		return "it has two dots in a row, or one in front"
	case len(text) > longestLabel:
		return fmt.Sprintf("there are at most %d characters between dots, not %d", longestLabel, len(text))
	case !label.MatchString(text):
		return fmt.Sprintf("%q is not of letters, digits and inner hyphens", text)
	case strings.HasPrefix(text, "xn--"):
		if decoded, err := idna.Lookup.ToUnicode(text); err != nil || decoded == "" {
			return fmt.Sprintf("%q is no punycode", text)
		}
	}
	return ""
}

// The beginnings and ends of names that S3 keeps for itself.
//
// Source: Amazon S3 User Guide, general purpose bucket naming rules.
var (
	reservedBucketPrefixes = []string{"xn--", "sthree-", "amzn-s3-demo-"}
	reservedBucketSuffixes = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}
	bucketCharacters       = regexp.MustCompile(`^[a-z0-9.-]+$`)
	addressForm            = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3}){3}$`)
)

// The least and most characters of a bucket's name. Source as above.
const shortestBucketName, longestBucketName = 3, 63

// bucketNameFaults returns what is wrong with the name of a general purpose bucket.
func bucketNameFaults(text string) []string {
	if at, err := url.Parse(text); err == nil && at.Host != "" {
		if at.Scheme == "s3" {
			return []string{fmt.Sprintf("it is a URL, whose bucket is %q", at.Host)}
		}
		return []string{"it is a URL"}
	}
	if strings.HasPrefix(text, "arn:") {
		return []string{"it is an ARN"}
	}
	var faults []string
	add := func(fault string, applies bool) {
		if applies {
			faults = append(faults, fault)
		}
	}
	add(fmt.Sprintf("a bucket's name has %d to %d characters, not %d", shortestBucketName, longestBucketName, len(text)),
		len(text) < shortestBucketName || len(text) > longestBucketName)
	add("a bucket's name has lower-case letters, digits, hyphens and dots alone", !bucketCharacters.MatchString(text))
	add("a bucket's name begins and ends with a letter or digit", strings.Trim(text, ".-") != text)
	add("it has two dots in a row", strings.Contains(text, ".."))
	// A host's name, as which the bucket is called, has no such label.
	add("it has a hyphen beside a dot", strings.Contains(text, ".-") || strings.Contains(text, "-."))
	add("it has the form of an IP address", addressForm.MatchString(text))
	for _, prefix := range reservedBucketPrefixes {
		add(fmt.Sprintf("S3 keeps names that begin with %q for itself", prefix), strings.HasPrefix(text, prefix))
	}
	for _, suffix := range reservedBucketSuffixes {
		add(fmt.Sprintf("S3 keeps names that end with %q for itself", suffix), strings.HasSuffix(text, suffix))
	}
	return faults
}

// The most characters of a mail address and of its part before the @.
//
// Source: RFC 5321, section 4.5.3.1.
const longestMailAddress, longestMailbox = 254, 64

// mailbox is the pattern of what stands before the @. Source: RFC 5322, section
// 3.2.3.
var mailbox = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// mailAddressFaults returns what is wrong with a mail address.
func mailAddressFaults(text string) []string {
	at := strings.LastIndex(text, "@")
	switch {
	case at < 0:
		return []string{""}
	case strings.Count(text, "@") > 1 && strings.ContainsAny(text, ",; "):
		return []string{"it is more than one address"}
	case strings.HasPrefix(text, "mailto:"):
		return []string{"it is a URL"}
	case strings.ContainsAny(text, "<>"):
		return []string{"it is more than the address itself"}
	case len(text) > longestMailAddress || at > longestMailbox:
		return []string{fmt.Sprintf("an address has at most %d characters, %d of them before the @", longestMailAddress, longestMailbox)}
	case !mailbox.MatchString(text[:at]):
		return []string{fmt.Sprintf("%q is no mailbox", text[:at])}
	}
	return hostNameFaults(strings.ToLower(text[at+1:]))
}
