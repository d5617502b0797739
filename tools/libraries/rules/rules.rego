# ECS5, IAM1 and IAM2 of internal/policy in Rego, for a comparison.
package webhook

violations contains found if {
	some id, resource in input.Resources
	resource.Type == "AWS::ECS::TaskDefinition"
	some container in resource.Properties.ContainerDefinitions
	object.get(container, "ReadonlyRootFilesystem", false) != true
	found := sprintf("ECS5[%s] %s ContainerDefinitions[%s].ReadonlyRootFilesystem: set true", [id, path(resource), container.Name])
}

violations contains found if {
	some id, resource in input.Resources
	some allowed in statements(resource.Properties)
	every_resource(allowed.statement)
	some action in as_list(allowed.statement.Action)
	found := sprintf("IAM1[%s] %s %s: name the resources", [action, path(resource), concat(".", allowed.place)])
}

violations contains found if {
	some id, resource in input.Resources
	some allowed in statements(resource.Properties)
	some action in as_list(allowed.statement.Action)
	is_string(action)
	contains(action, "*")
	found := sprintf("IAM2[%s] %s %s: name the actions", [action, path(resource), concat(".", allowed.place)])
}

# The construct's path, where CDK writes it into the template.
path(resource) := object.get(resource, ["Metadata", "aws:cdk:path"], "")

statements(properties) := [{"place": place, "statement": statement} |
	walk(properties, [steps, value])
	some number, statement in as_list(value.Statement)
	place := [sprintf("%v", [step]) | some step in array.concat(steps, ["Statement", number])]
	statement.Effect == "Allow"
]

every_resource(statement) if "*" in as_list(statement.Resource)

every_resource(statement) if statement.NotResource

as_list(value) := value if is_array(value)

as_list(value) := [value] if not is_array(value)
