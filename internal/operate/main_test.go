package operate

import (
	"testing"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }
