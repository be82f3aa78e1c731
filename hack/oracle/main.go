// Command oracle judges Kubernetes objects as others judge them: kstatus, which Flux, Helm 4 and `kubectl` plugins use, and Lua under the
// limits that Argo CD sets. It reads a JSON array of requests on standard input and writes a JSON array of answers, in the same order.
//
// It promises that a script sees the libraries base, package and table and `require("os")` with date and time, nothing else, and is
// stopped after one second. It never touches a file or a network.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// scriptTimeout is Argo CD's own.
const scriptTimeout = time.Second

type request struct {
	Object json.RawMessage `json:"object"`
	// Script is run with the object as the global obj; empty: none is.
	Script string `json:"script"`
}

type answer struct {
	KStatus *judgement `json:"kstatus,omitempty"`
	// Lua is what the script returned.
	Lua   any    `json:"lua,omitempty"`
	Error string `json:"error,omitempty"`
}

type judgement struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	var requests []request
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
	answers := make([]answer, 0, len(requests))
	for _, each := range requests {
		answers = append(answers, judge(each))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func judge(each request) answer {
	// Unlike encoding/json this keeps integers apart from floats, and kstatus refuses a generation that is a float.
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(each.Object); err != nil {
		return answer{Error: err.Error()}
	}
	result, err := status.Compute(object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	judged := answer{KStatus: &judgement{Status: result.Status.String(), Message: result.Message}}
	if each.Script == "" {
		return judged
	}
	returned, err := run(object.Object, each.Script)
	if err != nil {
		judged.Error = err.Error()
		return judged
	}
	judged.Lua = keepEmptyMaps(returned, object.Object)
	return judged
}

func run(object map[string]any, script string) (any, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return nil, err
		}
	}
	state.PreloadModule(lua.OsLibName, safeOs)
	ctx, cancel := context.WithTimeout(context.Background(), scriptTimeout)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("expected a table, got %s", state.Get(-1).Type())
	}
	return fromLua(table), nil
}

// safeOs is the part of os that Argo CD leaves to scripts, as far as scripts of ours may use it: the date in UTC.
func safeOs(state *lua.LState) int {
	state.Push(state.SetFuncs(state.NewTable(), map[string]lua.LGFunction{
		"date": func(state *lua.LState) int {
			if format := state.OptString(1, ""); format != "!%Y-%m-%dT%XZ" {
				state.RaiseError("os.date: the oracle knows one format only, not %s", format)
			}
			state.Push(lua.LString(time.Now().UTC().Format(time.RFC3339)))
			return 1
		},
		"time": func(state *lua.LState) int {
			state.Push(lua.LNumber(time.Now().Unix()))
			return 1
		},
	}))
	return 1
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case string:
		return lua.LString(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case []any:
		list := state.CreateTable(len(value), 0)
		for _, item := range value {
			list.Append(toLua(state, item))
		}
		return list
	case map[string]any:
		table := state.CreateTable(0, len(value))
		for key, item := range value {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	}
	return lua.LNil
}

// fromLua gives an empty table as a list: Lua can not tell the two apart, and Argo CD decides so.
func fromLua(value lua.LValue) any {
	switch value := value.(type) {
	case lua.LBool:
		return bool(value)
	case lua.LString:
		return string(value)
	case lua.LNumber:
		if whole := int64(value); lua.LNumber(whole) == value {
			return whole
		}
		return float64(value)
	case *lua.LTable:
		fields := map[string]any{}
		value.ForEach(func(key, item lua.LValue) {
			if name, ok := key.(lua.LString); ok {
				fields[string(name)] = fromLua(item)
			}
		})
		if len(fields) > 0 {
			return fields
		}
		list := make([]any, 0, value.Len())
		for i := 1; i <= value.Len(); i++ {
			list = append(list, fromLua(value.RawGetInt(i)))
		}
		return list
	}
	return nil
}

// keepEmptyMaps gives back, as Argo CD does, the maps of the object that came out of Lua as empty lists.
func keepEmptyMaps(returned, original any) any {
	switch original := original.(type) {
	case map[string]any:
		switch returned := returned.(type) {
		case []any:
			if len(returned) == 0 && len(original) == 0 {
				return original
			}
		case map[string]any:
			for key, value := range returned {
				if before, ok := original[key]; ok {
					returned[key] = keepEmptyMaps(value, before)
				}
			}
		}
	case []any:
		if returned, ok := returned.([]any); ok {
			for i := range min(len(returned), len(original)) {
				returned[i] = keepEmptyMaps(returned[i], original[i])
			}
		}
	}
	return returned
}
