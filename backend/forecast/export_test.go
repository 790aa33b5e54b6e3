package forecast

// Priors is what priors are, for tests.
var Priors = priors
