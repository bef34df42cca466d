package decide

import "time"

// pastDeadline: the suspension has lasted too long since the migration ended (S3). Before its end, time only pages.
func pastDeadline(in Input) bool {
	return !in.Seen.EndAt.IsZero() && in.since(in.Seen.EndAt) > in.Policy.SuspensionDeadline+in.Track.Extended
}

// Deadline is when the suspension reaches its deadline, by the wall clock; zero while the migration is open.
func Deadline(in Input) time.Time {
	if in.Track == nil || in.Seen.EndAt.IsZero() {
		return time.Time{}
	}
	left := in.Policy.SuspensionDeadline + in.Track.Extended - in.since(in.Seen.EndAt)
	return in.Now.Wall.Add(left)
}
