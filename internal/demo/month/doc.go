// Package month makes a month of samples as Prometheus would have scraped them
// from a cluster in which partitions were moved, applications failed, exporters
// were away and Prometheus itself was down. It is test data: what really
// happened is known to the second.
package month
