package capability

// A voiceGrant is what an Access Token allows, with the identity that all its
// grants share. It says in JSON what scope URIs say in a capability token.
type voiceGrant struct {
	identity       string // the client name; "" if there is none
	incoming       bool
	applicationSID string      // "" unless outgoing calls are allowed
	params         []Parameter // of the application
}

// parseGrants reads the grants of an Access Token from any source. Grants other
// than voice are skipped. An error is an ErrScope, or an ErrMalformed if a member
// occurs twice.
func parseGrants(v jsonValue) (voiceGrant, error) {
	var g voiceGrant
	err := parseLevel("grants", v, func(name string, v jsonValue) (err error) {
		switch name {
		case "identity":
			g.identity, err = parseText("grants.identity", v)
		case "voice":
			err = g.parseVoice(v)
		}
		return err
	})
	return g, err
}

func (g *voiceGrant) parseVoice(v jsonValue) error {
	return parseLevel("grants.voice", v, func(name string, v jsonValue) error {
		switch name {
		case "incoming":
			return g.parseIncoming(v)
		case "outgoing":
			return g.parseOutgoing(v)
		}
		return nil
	})
}

func (g *voiceGrant) parseIncoming(v jsonValue) error {
	return parseLevel("grants.voice.incoming", v, func(name string, v jsonValue) error {
		if name != "allow" {
			return nil
		}
		if (v != jsonValue{text: "true"} && v != jsonValue{text: "false"}) {
			return levelError("grants.voice.incoming.allow", v, "true or false")
		}
		g.incoming = v.text == "true"
		return nil
	})
}

func (g *voiceGrant) parseOutgoing(v jsonValue) error {
	return parseLevel("grants.voice.outgoing", v, func(name string, v jsonValue) (err error) {
		switch name {
		case "application_sid":
			g.applicationSID, err = parseText("grants.voice.outgoing.application_sid", v)
		case "params":
			err = g.parseParams(v)
		}
		return err
	})
}

func (g *voiceGrant) parseParams(v jsonValue) error {
	const path = "grants.voice.outgoing.params"
	return parseLevel(path, v, func(name string, v jsonValue) error {
		if !v.isString {
			return levelError(path+": "+quote(name), v, "a string")
		}
		g.params = append(g.params, Parameter{name, v.text})
		return nil
	})
}

// parseLevel reads an object within the payload. Of a member that two parsers
// might read differently, it says what stands there.
func parseLevel(path string, v jsonValue, member func(name string, v jsonValue) error) error {
	if !v.isObject() {
		return levelError(path, v, "an object")
	}
	return parseObject("payload: "+path, v.text, member)
}

func parseText(path string, v jsonValue) (string, error) {
	if !v.isString {
		return "", levelError(path, v, "a string")
	}
	return v.text, nil
}

func levelError(path string, v jsonValue, want string) error {
	return newError(ErrScope, "payload: "+path+" is "+v.quoted()+", not "+want)
}

// appendGrants appends the grants of an Access Token. All strings in them are
// valid UTF-8.
func appendGrants(dst []byte, g voiceGrant) []byte {
	dst = append(dst, `{"identity":`...)
	dst = appendString(dst, g.identity)
	dst = append(dst, `,"voice":{`...)
	if g.incoming {
		dst = append(dst, `"incoming":{"allow":true}`...)
	}
	if g.incoming && g.applicationSID != "" {
		dst = append(dst, ',')
	}
	if g.applicationSID != "" {
		dst = append(dst, `"outgoing":{"application_sid":`...)
		dst = appendString(dst, g.applicationSID)
		dst = appendParams(dst, g.params)
		dst = append(dst, '}')
	}
	return append(dst, `}}`...)
}

// appendParams appends the member params, which is left out if there are none.
func appendParams(dst []byte, params []Parameter) []byte {
	if len(params) == 0 {
		return dst
	}
	before := `,"params":{`
	for i := range params {
		dst = append(dst, before...)
		dst = appendString(dst, params[i].Name)
		dst = append(dst, ':')
		dst = appendString(dst, params[i].Value)
		before = ","
	}
	return append(dst, '}')
}
