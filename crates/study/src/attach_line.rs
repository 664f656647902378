//! The line that attaches a worker.

use crate::access::AccessKey;
use crate::pool::Pool;

/// The place where the line is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachHost {
    /// Any Python prompt, the `IPython` console of FLAC3D, 3DEC or PFC among them.
    Python,
    /// A shell, for several workers on the computer.
    Shell {
        /// Number of workers.
        workers: u32,
    },
}

/// Returns the line that attaches a worker of the study whose public files lie below `bucket_url`, to one of its pools if that is given.
///
/// It tries up to five times to fetch the worker. If it can't, it says so without a traceback: from Python 3.13 on that would show the line,
/// with the key. It keeps its names to itself: in a console only `attach` stays. It holds single
/// quotes only, and nothing that `sh`, `cmd` or PowerShell would expand, so that it can stand in double quotes; and no two spaces in a row, which pages and mails make one.
#[must_use]
pub fn attach_line(host: AttachHost, bucket_url: &str, worker: &AccessKey, pool: Option<&Pool>) -> String {
    let AccessKey { key_id, secret } = worker;
    let pool = pool.map(|pool| format!(", pool='{pool}'")).unwrap_or_default();
    let line = |more: &str| {
        format!(
            "exec('''import time, urllib.request as r\\nfor s in 1, 2, 4, 8, 0:\\n\\t\
             try: a = r.urlopen('{bucket_url}/public/attach.py', None, 20).read().decode(); break\\n\\t\
             except Exception as e: a = 'def attach(*_, **k): print(' + repr('cruncher: the worker can not be fetched: ' \
             + str(e)) + ')'; time.sleep(s)\\nexec(a, globals())''', globals(), {{}}); \
             attach('{bucket_url}/public/config.json', '{key_id}', '{secret}'{more}{pool})"
        )
    };
    match host {
        AttachHost::Python => line(""),
        AttachHost::Shell { workers: 1 } => format!("python3 -c \"{}\"", line("")),
        AttachHost::Shell { workers } => format!("python3 -c \"{}\"", line(&format!(", workers={workers}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_that_of_the_protocol() {
        let worker = AccessKey { key_id: "AKIA1".into(), secret: "s/+".into() };
        let line = "exec('''import time, urllib.request as r\\nfor s in 1, 2, 4, 8, 0:\\n\\t\
                    try: a = r.urlopen('https://b/public/attach.py', None, 20).read().decode(); break\\n\\t\
                    except Exception as e: a = 'def attach(*_, **k): print(' + repr('cruncher: the worker can not be fetched: ' \
                    + str(e)) + ')'; time.sleep(s)\\nexec(a, globals())''', globals(), {}); \
                    attach('https://b/public/config.json', 'AKIA1', 's/+')";
        assert_eq!(attach_line(AttachHost::Python, "https://b", &worker, None), line);
        assert_eq!(
            attach_line(AttachHost::Shell { workers: 1 }, "https://b", &worker, None),
            format!("python3 -c \"{line}\"")
        );
        let four = attach_line(AttachHost::Shell { workers: 4 }, "https://b", &worker, None);
        assert!(four.starts_with("python3 -c \"exec(") && four.ends_with(", workers=4)\""), "{four}");
        let pool = Pool::parse("gpu").ok();
        let of_pool = |host| attach_line(host, "https://b", &worker, pool.as_ref());
        assert!(of_pool(AttachHost::Shell { workers: 4 }).ends_with("'s/+', workers=4, pool='gpu')\""));
        assert!(of_pool(AttachHost::Python).ends_with("'AKIA1', 's/+', pool='gpu')"));
    }
}
