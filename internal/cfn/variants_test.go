package cfn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// variants returns the variants of a resource's properties as JSON, sorted.
func variants(t *testing.T, properties string) []string {
	t.Helper()
	var r Resource
	assert.NilError(t, json.Unmarshal([]byte(`{"Type": "X", "Properties": `+properties+`}`), &r))
	var all []string
	for _, properties := range r.Variants() {
		text, err := json.Marshal(properties)
		assert.NilError(t, err)
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}

func TestVariants(t *testing.T) {
	for _, c := range []struct {
		name, properties string
		variants         []string
	}{
		{"none", `{"A":{"Fn::Sub":"${B}"}}`, []string{`{"A":{"Fn::Sub":"${B}"}}`}},
		{"nothing but a condition is decided", `{"A":{"Fn::If":["C",{"Ref":"P"},"{{resolve:ssm:x}}"]},"B":{"Fn::Join":["",[{"Ref":"P"}]]}}`, []string{
			`{"A":"{{resolve:ssm:x}}","B":{"Fn::Join":["",[{"Ref":"P"}]]}}`, `{"A":{"Ref":"P"},"B":{"Fn::Join":["",[{"Ref":"P"}]]}}`,
		}},
		{"in another function", `{"A":{"Fn::Join":["",[{"Fn::If":["C","x",{"Ref":"AWS::NoValue"}]}]]}}`, []string{
			`{"A":{"Fn::Join":["",["x"]]}}`, `{"A":{"Fn::Join":["",[]]}}`,
		}},
		{"without a value", `{"A":{"Fn::If":["C",[{"Ref":"AWS::NoValue"},1],{"Ref":"AWS::NoValue"}]}}`, []string{`{"A":[1]}`, `{}`}},
		{"one condition twice", `{"A":{"Fn::If":["C",1,2]},"B":{"Fn::If":["C",3,4]}}`, []string{`{"A":1,"B":3}`, `{"A":2,"B":4}`}},
		{"one in another", `{"A":{"Fn::If":["C",{"Fn::If":["D",1,2]},3]}}`, []string{`{"A":1}`, `{"A":2}`, `{"A":3}`, `{"A":3}`}},
		{"no function", `{"A":{"Fn::If":["C",1]}, "B":{"Fn::If":["C",1,2],"Other":1}}`, []string{
			`{"A":{"Fn::If":["C",1]},"B":{"Fn::If":["C",1,2],"Other":1}}`, `{"A":{"Fn::If":["C",1]},"B":{"Fn::If":["C",1,2],"Other":1}}`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.DeepEqual(t, variants(t, c.properties), c.variants) })
	}
}

func TestVariantsOfManyConditions(t *testing.T) {
	of := func(count int) []string {
		var properties []string
		for i := range count {
			properties = append(properties, fmt.Sprintf(`"P%d":{"Fn::If":["C%d",1,0]}`, i, i))
		}
		return variants(t, "{"+strings.Join(properties, ",")+"}")
	}
	assert.Equal(t, len(of(4)), 16)
	five := of(5)
	assert.Equal(t, len(five), 12)
	holding := map[int]int{}
	for _, one := range five {
		holding[strings.Count(one, ":1")]++
	}
	assert.DeepEqual(t, holding, map[int]int{0: 1, 1: 5, 4: 5, 5: 1})
}
