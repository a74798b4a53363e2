// Package peers holds what the matrix' peers share: one JSON object a line on standard output, with the machine's time.
package peers

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

var mutex sync.Mutex

// Tell writes one entry; the machine's clock stamps the packets too.
func Tell(event string, facts map[string]any) {
	facts["event"] = event
	facts["at"] = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	line, err := json.Marshal(facts)
	if err != nil {
		return
	}
	mutex.Lock()
	defer mutex.Unlock()
	fmt.Println(string(line))
}
