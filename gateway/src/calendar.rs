//! Dates as HTTP (RFC 9110 5.6.7) and RFC 3339 write them, from a number of seconds; asks no clock.

use yett_engine::Time;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

struct Date {
    year: u64,
    month: u64,
    day: u64,
}

/// The civil date of a day since 1970, by Howard Hinnant's `civil_from_days`, for years from 1970 on.
fn date(days: u64) -> Date {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    Date {
        year: year_of_era + era * 400 + u64::from(month <= 2),
        month,
        day,
    }
}

/// `Tue, 24 Nov 2026 10:48:31 GMT`.
pub(crate) fn http_date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let Date { year, month, day } = date(days);
    let name = |names: &'static [&'static str], index: u64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index))
            .copied()
            .unwrap_or_default()
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&WEEKDAYS, days % 7),
        name(&MONTHS, month - 1),
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
    )
}

/// `2026-11-24T10:48:31.000123Z`, appended.
pub(crate) fn rfc3339(time: Time, to: &mut Vec<u8>) {
    let seconds = time.seconds();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let Date { year, month, day } = date(days);
    for (number, width, then) in [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b'T'),
        (rest / 3600, 2, b':'),
        (rest / 60 % 60, 2, b':'),
        (rest % 60, 2, b'.'),
        (time.0 / 1_000 % 1_000_000, 6, b'Z'),
    ] {
        digits(number, width, to);
        to.push(then);
    }
}

fn digits(number: u64, width: u32, to: &mut Vec<u8>) {
    for place in (0..width).rev() {
        to.push(b'0' + u8::try_from(number / 10u64.pow(place) % 10).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn dates_are_written_as_their_standards_say() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        let mut text = Vec::new();
        rfc3339(Time(1_795_517_311_000_123_456), &mut text);
        assert_eq!(String::from_utf8(text).unwrap(), "2026-11-24T10:48:31.000123Z");
    }
}
