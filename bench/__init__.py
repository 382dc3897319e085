"""CPU time a request of Yett beside nginx, HAProxy and Envoy: `make bench`. Measures; decides and tunes nothing."""
