package imagecontract

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// merge returns what a file promises on both architectures: one contract, but for
// base images, which it lists of both, and variables whose values differ, which it
// gives as $TARGETARCH.
func merge(found *problems, one, other Contract) Contract {
	for name, value := range other.Env {
		switch mine, set := one.Env[name]; {
		case !set:
			delete(other.Env, name)
		case mine != value:
			one.Env[name], other.Env[name] = "$TARGETARCH", "$TARGETARCH"
		}
	}
	maps.DeleteFunc(one.Env, func(name, _ string) bool { _, set := other.Env[name]; return !set })
	for _, base := range other.BaseImages {
		if !slices.Contains(one.BaseImages, base) {
			one.BaseImages = append(one.BaseImages, base)
		}
	}
	slices.SortStableFunc(one.BaseImages, func(a, b BaseImage) int { return a.Line - b.Line })
	other.BaseImages = one.BaseImages
	if len(found.lines) == 0 && !reflect.DeepEqual(one, other) {
		found.add(max(1, one.line), "FROM: the contract on %s is another than on %s (%s): let both stages state the same", Architectures[0], Architectures[1], difference(one, other))
	}
	return one
}

// difference names the first difference of two contracts.
func difference(one, other Contract) string {
	a, b := reflect.ValueOf(one), reflect.ValueOf(other)
	for i := range a.NumField() {
		field := a.Type().Field(i)
		if field.IsExported() && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			return fmt.Sprintf("%s %v, %v", field.Name, a.Field(i).Interface(), b.Field(i).Interface())
		}
	}
	return "platform"
}
