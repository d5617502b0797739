package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"
)

// interview finds and asks what isn't decided. It returns the name of the Quilt stack.
func (s *setup) interview(ctx context.Context) (string, error) {
	if s.cloud.Region == "" {
		return "", errors.New("region: none is set; set AWS_REGION to that of your Quilt stack")
	}
	stack, err := s.connectQuilt(ctx)
	if err != nil {
		return "", err
	}
	buckets, alarmTopics, err := topics(ctx, s.cloud)
	s.note("packageBucket, alarmTopicArn", err)
	choose := s.chooseBucket
	if s.exportsNothing() {
		choose = s.chooseLinked
	}
	for _, step := range []func() error{
		func() error { return choose(ctx, buckets) },
		func() error { return s.chooseAlarms(ctx, alarmTopics) },
		func() error { return s.chooseDomain(ctx) },
	} {
		if err := step(); err != nil {
			return "", err
		}
	}
	return stack.Name, nil
}

// exportsNothing says whether an option or cdk.json wants canvases to show linked
// packages alone.
func (s *setup) exportsNothing() bool {
	said, is := s.changes["exportEntries"]
	if !is {
		said = s.has["exportEntries"]
	}
	return said == false
}

// connectQuilt finds the Quilt stack, and takes its queue and catalog.
func (s *setup) connectQuilt(ctx context.Context) (quiltStack, error) {
	if s.options.QuiltStack == noQuilt || s.decided("packagingQueueArn") && s.decided("quiltCatalog") {
		return quiltStack{}, nil
	}
	found, err := quiltStacks(ctx, s.cloud)
	if err != nil {
		return quiltStack{}, fmt.Errorf("%w, or pass --quilt-stack none (make: QUILT_STACK=none)", err)
	}
	stack, err := s.pickStack(ctx, found)
	if err != nil {
		return stack, err
	}
	if stack.Name != "" {
		fmt.Fprintf(s.out, "Quilt stack %s: queue %s, catalog %s\n", stack.Name, stack.queueArn, stack.catalog)
	}
	if !s.exportsNothing() {
		if err := s.propose(ctx, "packagingQueueArn", "ARN of Quilt's packaging queue", stack.queueArn); err != nil {
			return stack, err
		}
	}
	if err := s.propose(ctx, "quiltCatalog", "Host name of Quilt's catalog", stack.catalog); err != nil {
		return stack, err
	}
	if stack.database != "" {
		if err := s.propose(ctx, "quiltDatabase", "Quilt's database in Athena, for linked packages; without one, none are listed", stack.database); err != nil {
			return stack, err
		}
	}
	if _, given := s.changes["quiltDatabase"]; given && stack.workgroup != "" {
		if err := s.propose(ctx, "athenaWorkgroup", "Quilt's workgroup in Athena", stack.workgroup); err != nil {
			return stack, err
		}
	}
	if queue, is := s.changes["packagingQueueArn"].(string); is && !s.decided("packagingQueueKeyArn") {
		key, err := queueKey(ctx, s.cloud, queue)
		s.takeKey("packagingQueueKeyArn", key, err)
	}
	return stack, nil
}

// pickStack returns the Quilt stack that is meant; none has no name.
func (s *setup) pickStack(ctx context.Context, found []quiltStack) (quiltStack, error) {
	var names []string
	for _, stack := range found {
		names = append(names, stack.Name)
		if stack.Name == s.options.QuiltStack || s.options.QuiltStack == "" && stack.queueArn == s.has["packagingQueueArn"] {
			return stack, nil
		}
	}
	switch {
	case s.options.QuiltStack != "":
		return quiltStack{}, fmt.Errorf("--quilt-stack %q: no such stack with an output PackagerQueueArn in %s; those there: %s", s.options.QuiltStack, s.cloud.Region, orNothing(names))
	case s.decided("packagingQueueArn"):
		return quiltStack{}, nil
	case len(found) == 0:
		return quiltStack{}, s.lookElsewhere(ctx)
	case len(found) == 1:
		return found[0], nil
	case s.asksNobody():
		return quiltStack{}, fmt.Errorf("several Quilt stacks in %s: %s; pass --quilt-stack NAME (make: QUILT_STACK=)", s.cloud.Region, strings.Join(names, ", "))
	}
	said, err := s.choose(ctx, "Quilt stack, by number; Enter for none", names)
	if at := slices.Index(names, said); at >= 0 {
		return found[at], err
	}
	return quiltStack{}, err
}

// lookElsewhere says that there is no Quilt stack here. It is an error if there is one in
// another region, since a stack must be in its region.
func (s *setup) lookElsewhere(ctx context.Context) error {
	elsewhere, err := otherRegions(ctx, s.cloud)
	s.note("other regions", err)
	if len(elsewhere) == 0 {
		fmt.Fprintf(s.out, "no Quilt stack in this account: without the queue of one, nobody makes packages\n")
		return nil
	}
	var all []string
	for _, region := range slices.Sorted(maps.Keys(elsewhere)) {
		all = append(all, elsewhere[region]+" in "+region)
	}
	return fmt.Errorf("no Quilt stack in %s, but %s; set AWS_REGION to that region, or pass --quilt-stack none (make: QUILT_STACK=none)", s.cloud.Region, strings.Join(all, ", "))
}

// chooseBucket takes the bucket for the packages, and its key.
func (s *setup) chooseBucket(ctx context.Context, registered []string) error {
	if s.asksNobody() && len(registered) > 1 && !s.decided("packageBucket") {
		return fmt.Errorf("several buckets are registered with Quilt: %s; pass --set packageBucket=NAME, or packageBucket= for a new one (make: SET=)", strings.Join(registered, ", "))
	}
	if err := s.propose(ctx, "packageBucket", "Bucket that is registered with Quilt; without one, a new one is made", registered...); err != nil {
		return err
	}
	if bucket, is := s.changes["packageBucket"].(string); is && !s.decided("packageBucketKeyArn") {
		key, err := bucketKey(ctx, s.cloud, bucket)
		s.takeKey("packageBucketKeyArn", key, err)
	}
	return nil
}

// chooseLinked takes the buckets in which linked packages are searched for, with their
// keys: all that are registered with Quilt.
func (s *setup) chooseLinked(ctx context.Context, registered []string) error {
	if err := s.propose(ctx, "linkedBuckets", "Buckets in which linked packages are searched for, as a list in JSON", asJSON(registered)); err != nil {
		return err
	}
	buckets, _ := s.changes["linkedBuckets"].([]any)
	for i, it := range buckets {
		name, isName := it.(string)
		if !isName {
			continue
		}
		key, err := bucketKey(ctx, s.cloud, name)
		s.note("linkedBuckets", err)
		if key != "" {
			buckets[i] = map[string]any{"name": name, "keyArn": key}
		}
	}
	return nil
}

// asJSON returns names as a list in JSON, or nothing for none.
func asJSON(names []string) string {
	if len(names) == 0 {
		return ""
	}
	text, _ := json.Marshal(names)
	return string(text)
}

// chooseAlarms takes who is notified of alarms.
func (s *setup) chooseAlarms(ctx context.Context, topics []string) error {
	if s.decided("alarmEmail") || s.decided("alarmTopicArn") {
		return nil
	}
	if s.asksNobody() {
		fmt.Fprintln(s.out, "nobody is notified of alarms: pass --set alarmEmail=ADDRESS (make: SET=) to change that")
		return nil
	}
	for {
		said, err := s.choose(ctx, "Mail address, or SNS topic by ARN or number, notified of alarms; Enter for nobody", topics)
		if err != nil || said == "" {
			return err
		}
		name := "alarmTopicArn"
		if strings.Contains(said, "@") {
			name = "alarmEmail"
		}
		if s.answer(name, said) {
			return nil
		}
	}
}

// chooseDomain takes a name of the person's own for what Benchling calls.
func (s *setup) chooseDomain(ctx context.Context) error {
	if s.decided("domain") || s.asksNobody() {
		return nil
	}
	all, err := certificates(ctx, s.cloud)
	s.note("domain", err)
	for len(all) > 0 {
		said, err := s.choose(ctx, "Certificate of a domain of your own for what Benchling calls, by number; Enter for API Gateway's", all)
		if err != nil || said == "" {
			return err
		}
		covered, certificate, found := strings.Cut(said, " ")
		if !found {
			fmt.Fprintf(s.out, "%q: no such certificate\n", said)
			continue
		}
		name, err := s.person.ask(ctx, "Host name that the certificate of "+covered+" covers: ", false)
		if err != nil {
			return err
		}
		domain, err := json.Marshal(map[string]string{"name": strings.TrimSpace(name), "certificateArn": certificate})
		if err != nil {
			return err
		}
		if s.answer("domain", string(domain)) {
			return nil
		}
	}
	return nil
}

// note says what couldn't be looked up, unless it was interrupted.
func (s *setup) note(settings string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(s.out, "%s: nothing to propose: %v\n", settings, err)
	}
}

// takeKey takes the key that encrypts something, or says why it isn't known.
func (s *setup) takeKey(name, key string, err error) {
	s.note(name, err)
	if err == nil && key != "" {
		s.answer(name, key)
	}
}

// hasCode says whether AWS refused with a code.
func hasCode(err error, code string) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == code
}

// asksNobody says whether every proposal is taken.
func (s *setup) asksNobody() bool { return s.options.Yes || s.person == nil }

// number returns the item of a list that a number from 1 names, or what was said.
func number(said string, list []string) string {
	if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= len(list) {
		return list[n-1]
	}
	return said
}
