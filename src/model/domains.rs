//! Endings of the names of hosts, by which a link is told from two words with a dot between them.

/// Endings that are used for hardly anything but hosts, even where blanks stand around the dot.
pub(super) const WELL_KNOWN: [&str; 11] =
    ["com", "net", "org", "biz", "ly", "ru", "uk", "gg", "xyz", "edu", "gov"];

/// The other endings: those of countries, and some of everything else. The last three are those of
/// Russia and China, as they are folded.
#[rustfmt::skip]
pub(super) const ENDINGS: [&str; 343] = [
    "ac", "ad", "ae", "af", "ag", "ai", "al", "am", "ao", "aq", "ar", "as", "at", "au", "aw", "ax",
    "az", "ba", "bb", "bd", "be", "bf", "bg", "bh", "bi", "bj", "bm", "bn", "bo", "br", "bs", "bt",
    "bw", "by", "bz", "ca", "cc", "cd", "cf", "cg", "ch", "ci", "ck", "cl", "cm", "cn", "co", "cr",
    "cu", "cv", "cw", "cx", "cy", "cz", "de", "dj", "dk", "dm", "do", "dz", "ec", "ee", "eg", "er",
    "es", "et", "eu", "fi", "fj", "fk", "fm", "fo", "fr", "ga", "gd", "ge", "gf", "gh", "gi", "gl",
    "gm", "gn", "gp", "gq", "gr", "gs", "gt", "gu", "gw", "gy", "hk", "hm", "hn", "hr", "ht", "hu",
    "id", "ie", "il", "im", "in", "io", "iq", "ir", "is", "it", "je", "jm", "jo", "jp", "ke", "kg",
    "kh", "ki", "km", "kn", "kp", "kr", "kw", "ky", "kz", "la", "lb", "lc", "li", "lk", "lr", "ls",
    "lt", "lu", "lv", "ma", "mc", "md", "me", "mg", "mh", "mk", "ml", "mm", "mn", "mo", "mp", "mq",
    "mr", "ms", "mt", "mu", "mv", "mw", "mx", "my", "mz", "na", "nc", "ne", "nf", "ng", "ni", "nl",
    "no", "np", "nr", "nu", "nz", "om", "pa", "pe", "pf", "pg", "ph", "pk", "pl", "pm", "pn", "pr",
    "ps", "pt", "pw", "py", "qa", "re", "ro", "rs", "rw", "sa", "sb", "sc", "sd", "se", "sg", "sh",
    "si", "sk", "sl", "sm", "sn", "so", "sr", "ss", "st", "su", "sv", "sx", "sy", "sz", "tc", "td",
    "tf", "tg", "th", "tj", "tk", "tl", "tm", "tn", "to", "tr", "tt", "tv", "tw", "tz", "ua", "ug",
    "us", "uy", "uz", "va", "vc", "ve", "vg", "vi", "vn", "vu", "wf", "ws", "ye", "yt", "za", "zm",
    "zw", "adult", "agency", "app", "art", "asia", "bet", "bio", "blog", "buzz", "cam", "cash",
    "casino", "cat", "chat", "cloud", "club", "coffee", "community", "cyou", "dating", "dev",
    "digital", "email", "events", "exchange", "fans", "fit", "fun", "fyi", "games", "global",
    "group", "guru", "host", "icu", "info", "ink", "jobs", "land", "life", "link", "live", "lol",
    "ltd", "media", "mobi", "monster", "mov", "name", "network", "news", "ninja", "one", "online",
    "page", "party", "photos", "pics", "porn", "pro", "pub", "quest", "rest", "rip", "rocks", "run",
    "sbs", "sex", "sexy", "shop", "site", "social", "space", "store", "stream", "studio", "support",
    "tech", "tel", "today", "tokyo", "tools", "top", "trade", "travel", "uno", "video", "vip",
    "webcam", "website", "wiki", "win", "work", "works", "world", "wtf", "xxx", "zip", "zone", "pф",
    "中国", "中國",
];
