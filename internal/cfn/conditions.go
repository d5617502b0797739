package cfn

import "encoding/json"

// findCompared collects the literals that Fn::Equals compares each parameter with.
func (e *evaluator) findCompared(value any) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			e.findCompared(element)
		}
	case map[string]any:
		for name, inner := range v {
			operands := List(inner)
			if name == "Fn::Equals" && len(operands) == 2 {
				e.compare(operands[0], operands[1])
				e.compare(operands[1], operands[0])
			}
			e.findCompared(inner)
		}
	}
}

func (e *evaluator) compare(parameter, with any) {
	name, isRef := At(parameter, "Ref").(string)
	text, isText := Scalar(with)
	if !isRef || !isText {
		return
	}
	for _, known := range e.compared[name] {
		if known == text {
			return
		}
	}
	e.compared[name] = append(e.compared[name], text)
}

// holds reports whether a condition, by name or as an expression, holds in this case.
// What can't be decided holds in some cases.
func (e *evaluator) holds(condition any) bool {
	if name, isName := condition.(string); isName {
		expression, defined := e.conditions[name]
		// One that asks for itself, which CloudFormation refuses, isn't decided either.
		if !defined || e.evaluating[name] {
			return e.either("condition " + name)
		}
		e.evaluating[name] = true
		defer delete(e.evaluating, name)
		return e.holds(expression)
	}
	object, _ := condition.(map[string]any)
	for name, inner := range object {
		operands := List(inner)
		switch {
		case len(object) != 1:
		case name == "Condition":
			if called, isName := inner.(string); isName {
				return e.holds(called)
			}
		case name == "Fn::Not" && len(operands) == 1:
			return !e.holds(operands[0])
		case name == "Fn::And":
			return e.count(operands) == len(operands)
		case name == "Fn::Or":
			return e.count(operands) > 0
		case name == "Fn::Equals" && len(operands) == 2:
			return e.equal(operands[0], operands[1])
		}
	}
	text, _ := json.Marshal(condition)
	return e.either(string(text))
}

func (e *evaluator) count(conditions []any) int {
	holding := 0
	for _, condition := range conditions {
		if e.holds(condition) {
			holding++
		}
	}
	return holding
}

func (e *evaluator) either(name string) bool { return e.choose(name, true, false) == true }

func (e *evaluator) equal(one, other any) bool {
	left, right := e.operand(one), e.operand(other)
	if left == right && !IsUndecided(left) {
		return true
	}
	// A compared parameter that is none of its literals equals none of them.
	if left == none || right == none || !HasReference(left) && !HasReference(right) {
		return false
	}
	text, _ := json.Marshal([]any{one, other})
	return e.either(string(text))
}

// none is a value that a condition compares with no literal.
const none = undecidedOpen + undecidedClose

// operand returns an operand of Fn::Equals in this case.
func (e *evaluator) operand(value any) string {
	if name, isRef := At(value, "Ref").(string); isRef && len(e.compared[name]) > 0 {
		if options := e.allowed(name); options != nil {
			text, _ := Scalar(e.choose("parameter "+name, options...))
			return text
		}
		return e.choose("parameter "+name, append(e.compared[name][:len(e.compared[name]):len(e.compared[name])], none)...).(string)
	}
	resolved, _ := e.resolve(value)
	if text, isScalar := Scalar(resolved); isScalar {
		return text
	}
	text, _ := json.Marshal(resolved)
	return string(text)
}

// allowed returns the allowed values of a parameter; nil if any value is.
func (e *evaluator) allowed(name string) []any {
	values, _ := At(e.parameters[name], "AllowedValues").([]any)
	if kind := At(e.parameters[name], "Type"); len(values) == 0 || kind != "String" && kind != "Number" {
		return nil
	}
	return values
}
