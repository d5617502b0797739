// Rules compares internal/policy with OPA and cfn-guard on one template, by the
// three rules that are written for each: TEMPLATE REGO GUARD-BINARY GUARD-RULES.
package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/policy"
)

const rounds = 7

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// took returns the median times of the runs in milliseconds, which take turns.
func took(runs ...func()) []float64 {
	times := make([][]float64, len(runs))
	for range rounds {
		for i, run := range runs {
			began := time.Now()
			run()
			times[i] = append(times[i], time.Since(began).Seconds()*1000)
		}
	}
	var medians []float64
	for _, all := range times {
		slices.Sort(all)
		medians = append(medians, all[rounds/2])
	}
	return medians
}

func main() {
	template, module, guard, guardRules := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	policy.Rules = slices.DeleteFunc(policy.Rules, func(r policy.Rule) bool {
		return !slices.Contains([]string{"ECS5", "IAM1", "IAM2"}, r.ID)
	})
	var found []policy.Violation
	own := func() {
		text, err := os.ReadFile(template)
		check(err)
		read, err := cfn.Read(text)
		check(err)
		found = policy.Check(read)
	}
	var violations []any
	opa := func() {
		source, err := os.ReadFile(module)
		check(err)
		text, err := os.ReadFile(template)
		check(err)
		var input any
		check(json.Unmarshal(text, &input))
		result, err := rego.New(rego.Query("data.webhook.violations"), rego.Module("rules.rego", string(source)), rego.Input(input)).Eval(context.Background())
		check(err)
		violations = result[0].Expressions[0].Value.([]any)
	}
	var said []byte
	byGuard := func() {
		// Its exit status says that a rule doesn't hold.
		said, _ = exec.Command(guard, "validate", "--data", template, "--rules", guardRules).CombinedOutput()
	}
	times := took(own, opa, byGuard)
	withPath := 0
	for _, v := range violations {
		if strings.Contains(v.(string), "/Resource ") {
			withPath++
		}
	}
	check(json.NewEncoder(os.Stdout).Encode([][]any{
		{"OPA: reading and checking one template, ms", times[0], times[1]},
		{"OPA: violations of three rules", len(found), len(violations)},
		{"cfn-guard: reading and checking one template, ms", times[0], times[2]},
		{"cfn-guard: violations of three rules", len(found), strings.Count(string(said), "PropertyPath ")},
		{"OPA: violations with the construct's path", "by CDK", withPath},
	}))
}
