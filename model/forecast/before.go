package forecast

import "shardeck/model"

// Before is what the table says of a calibrated law before anybody measured it: its pieces, in seconds and units a second, and the
// source; none where it says nothing of such a law.
func (p *Priors) Before(gpu model.GPU, precision, site string, c Constant) (pieces []Piece, source string) {
	m, ok := p.machineOf(string(model.EngineTorch), precision, gpu, site, nil)
	if !ok {
		return nil, ""
	}
	if c.Law.Collective() {
		if _, _, row := m.transfer(string(c.Law), "", c.Group, c.Nodes, c.Smallest); row != nil && row.Group == c.Group {
			scale := m.linkScale(row) * 1e9
			return model.Each(row.Pieces, func(x LinkPart) Piece { return Piece{x.Above, x.T0 * 1e-6, x.GBs * scale} }), row.Source
		}
		return nil, ""
	}
	to, ok := calibrated[c.Law]
	if !ok {
		return nil, ""
	}
	scale, one := 1e9, Piece{}
	if c.Law.Computes() {
		scale = 1e12
	}
	for i, k := range to {
		if k == constants {
			continue
		}
		source = m.priors[k].Source
		if i == 0 {
			one.T0 = m.priors[k].Value * 1e-6
		} else {
			one.Rate = m.priors[k].Value * scale
		}
	}
	return []Piece{one}, source
}
