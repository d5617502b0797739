package migrate

// Outline is what Write prints, for programs; what is the same for every move isn't in
// it.
type Outline struct {
	Stack       string         `json:"stack"`
	Release     string         `json:"release"`
	Environment string         `json:"environment"`
	File        string         `json:"file"`
	Settings    []SettingState `json:"settings"`
	// Problems are values that no setting can have.
	Problems []string `json:"problems"`
	// Dropped are fields of the configuration file without counterpart.
	Dropped []string `json:"dropped"`
	// Secret has what becomes of each field, and never its value.
	Secret     map[string]string `json:"secret"`
	Canvases   string            `json:"canvases"`
	WebhookURL string            `json:"webhook_url"`
	FormerURL  string            `json:"former_url"`
}

// SettingState is a proposal, and how it is to what cdk.json has.
type SettingState struct {
	Setting string `json:"setting"`
	Value   any    `json:"value"`
	From    string `json:"from"`
	State   string `json:"state"`
}

// Outline returns what the move is.
func (f Former) Outline(to Target) Outline {
	o := Outline{
		Stack: f.Stack, Release: f.Outputs["StackVersion"], Environment: to.Environment, File: f.File,
		Settings: []SettingState{}, Problems: []string{}, Dropped: f.unknownFields(), Secret: map[string]string{},
		Canvases: to.Canvases, WebhookURL: to.WebhookURL, FormerURL: f.endpoint(),
	}
	proposals, problems := f.Proposals()
	for _, p := range proposals {
		o.Settings = append(o.Settings, SettingState{p.Setting, p.Value, p.From, p.State(to.Settings)})
	}
	o.Problems = append(o.Problems, problems...)
	for _, name := range Names {
		if name.Place == File && name.Fate == Dropped && f.at(name.Name) != nil {
			o.Dropped = append(o.Dropped, name.Name)
		}
	}
	for field := range f.secret {
		o.Secret[field] = f.fieldState(field, to)
	}
	return o
}
