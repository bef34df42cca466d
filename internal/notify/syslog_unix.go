//go:build unix

package notify

import "log/syslog"

// writeSyslog opens the log for each page: pages are rare, and syslogd may have been restarted in between.
func writeSyslog(text string) error {
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_CRIT, "powerha_lpm")
	if err != nil {
		return err
	}
	defer w.Close()
	return w.Crit(text)
}
