// Package hmc asks Hardware Management Consoles what they say of a partition:
// whether it runs, on which managed systems it is listed, and whether it is
// being migrated. It is the view from outside, which a frozen or dead node
// cannot give, and the only proof that one is off.
//
// Two commands of the restricted shell of an HMC are asked, mostly over ssh:
// lssyscfg(1) and lslparmigr(1). Nothing here ever changes a partition.
package hmc
