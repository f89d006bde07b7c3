package capability

// A voiceGrant is what an Access Token allows, with the identity that all its
// grants share. It says in JSON what scope URIs say in a capability token.
type voiceGrant struct {
	identity       string // the client name; "" if there is none
	incoming       bool
	applicationSID string      // "" unless outgoing calls are allowed
	params         []Parameter // of the application
}

// parseGrants reads the grants of an Access Token, at which the parser stands. It
// skips those other than voice. An error is an ErrScope, or an ErrMalformed if
// the JSON is not valid or a member occurs twice.
func parseGrants(p *parser, v jsonValue) (g voiceGrant, err error) {
	err = parseMembers(p, "payload: grants", v, func(name string, v jsonValue) (err error) {
		switch name {
		case "identity":
			g.identity, err = parseText("payload: grants.identity", v)
		case "voice":
			err = g.parseVoice(p, v)
		}
		return err
	})
	return g, err
}

func (g *voiceGrant) parseVoice(p *parser, v jsonValue) error {
	return parseMembers(p, "payload: grants.voice", v, func(name string, v jsonValue) error {
		switch name {
		case "incoming":
			return g.parseIncoming(p, v)
		case "outgoing":
			return g.parseOutgoing(p, v)
		}
		return nil
	})
}

func (g *voiceGrant) parseIncoming(p *parser, v jsonValue) error {
	return parseMembers(p, "payload: grants.voice.incoming", v, func(name string, v jsonValue) error {
		if name != "allow" {
			return nil
		}
		g.incoming = v == jsonValue{text: "true"}
		if !g.incoming && v != (jsonValue{text: "false"}) {
			return valueError("payload: grants.voice.incoming.allow", v, "true or false")
		}
		return nil
	})
}

func (g *voiceGrant) parseOutgoing(p *parser, v jsonValue) error {
	return parseMembers(p, "payload: grants.voice.outgoing", v, func(name string, v jsonValue) (err error) {
		switch name {
		case "application_sid":
			g.applicationSID, err = parseText("payload: grants.voice.outgoing.application_sid", v)
		case "params":
			err = g.parseParams(p, v)
		}
		return err
	})
}

func (g *voiceGrant) parseParams(p *parser, v jsonValue) error {
	const path = "payload: grants.voice.outgoing.params"
	return parseMembers(p, path, v, func(name string, v jsonValue) error {
		if !v.isString {
			return valueError(path+": "+quote(name), v, "a string")
		}
		g.params = append(g.params, Parameter{name, v.text})
		return nil
	})
}

// parseMembers reads an object within the payload. Its error names the path and
// what stands there.
func parseMembers(p *parser, path string, v jsonValue, member func(name string, v jsonValue) error) error {
	if !v.isObject() {
		return valueError(path, v, "an object")
	}
	return p.members(member)
}

func parseText(path string, v jsonValue) (string, error) {
	if !v.isString {
		return "", valueError(path, v, "a string")
	}
	return v.text, nil
}

func valueError(path string, v jsonValue, want string) error {
	return newError(ErrScope, path+" is "+v.quoted()+", not "+want)
}

// voiceGrant returns what the two permissions of an Access Token say.
func (p *permissions) voiceGrant(clientName string) voiceGrant {
	g := voiceGrant{identity: clientName}
	for _, one := range p.last[:p.n] {
		switch one.action {
		case incoming:
			g.incoming = true
		case outgoing:
			g.applicationSID, g.params = one.name, one.params
		}
	}
	return g
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
