package cfn

// variantsMost is how many conditions of one resource are tried in every
// combination; of more, each is tried against all the others.
const variantsMost = 4

// Variants returns the properties that a resource has, one for each way in which
// the conditions of its Fn::If may turn out. No condition's definition is known here, so
// each may hold or not; other intrinsic functions stay as they are written. Cases has
// both for a whole template.
func (r Resource) Variants() []map[string]any {
	e := newEvaluator(Template{Resources: map[string]Resource{r.ID: {ID: r.ID, Type: r.Type, Properties: r.Properties}}})
	e.conditionsOnly = true
	uses := e.uses()
	if len(uses) == 0 {
		return []map[string]any{r.Properties}
	}
	var all []map[string]any
	add := func() bool {
		properties, _ := e.resolve(r.Properties)
		object, _ := properties.(map[string]any)
		all = append(all, object)
		return true
	}
	e.outcome(uses) // It asks for every condition.
	if len(e.order) <= variantsMost {
		e.eachChoice(add)
		return all
	}
	for _, first := range []int{0, 1} {
		for other := -1; other < len(e.order); other++ {
			for i, name := range e.order {
				e.choices[name].chosen = first
				if i == other {
					e.choices[name].chosen = 1 - first
				}
			}
			add()
		}
	}
	return all
}
