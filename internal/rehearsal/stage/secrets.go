package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// splitValueFrom splits ECS's reference to a secret: the ARN's seven parts, then
// the key of a JSON object, which may be empty.
func splitValueFrom(from string) (arn, key string) {
	parts := strings.Split(from, ":")
	if len(parts) <= 7 {
		return from, ""
	}
	return strings.Join(parts[:7], ":"), parts[7]
}

// pick returns a secret's text, or one key of its JSON object.
func pick(text, key string) (string, error) {
	if key == "" {
		return text, nil
	}
	var object map[string]string
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return "", fmt.Errorf("not a JSON object of texts: %w", err)
	}
	value, found := object[key]
	if !found {
		return "", fmt.Errorf("no key %q", key)
	}
	return value, nil
}

// FillSecret puts what a person would put into the secret.
func (s *Stage) FillSecret(ctx context.Context) error { return s.PutSecret(ctx, s.NewSecret()) }

// PutSecret replaces the secret's text, which running tasks read a while later.
func (s *Stage) PutSecret(ctx context.Context, text string) error {
	_, err := secretsmanager.NewFromConfig(s.Emulator.Config()).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(s.Stack.SecretARN), SecretString: aws.String(text),
	})
	return err
}
