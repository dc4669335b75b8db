"""Record management, simulated: where a case lives on after the collection system (policies/004, R-145, R-150 to R-159,
R-171, R-173). It makes no recordings and asks the collector for nothing: what it holds was brought to it."""
