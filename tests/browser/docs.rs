//! The reference in a browser: it loads nothing besides itself, its style is taken, and it is never wider than its window.

use andon_tests::daemon::Daemon;

use super::browser;

#[test]
fn the_reference_can_be_read_at_any_width_and_loads_nothing_else() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory for a test");
    let daemon = Daemon::start(dir.path(), &[]);
    for path in ["/docs", "/docs/errors"] {
        for (width, height) in [(1440, 900), (1024, 768), (390, 844)] {
            browser.resize(width, height);
            let address = format!("{}{path}", daemon.base());
            browser.go(&address);
            browser
                .wait_for(&format!("location.pathname === '{path}' && document.readyState === 'complete'"));
            // The policy lets the style in, which makes the text one without serifs.
            browser.wait_for("getComputedStyle(document.body).margin === '0px'");
            let wide = browser.run("document.documentElement.scrollWidth - window.innerWidth");
            assert!(wide.as_i64().is_some_and(|over| over <= 0), "{path} at {width}: {wide} too wide");
            if let Some(dir) = std::env::var_os("ANDON_PICTURES") {
                let name = format!("docs{}-{width}.png.base64", path.replace('/', "-"));
                std::fs::write(std::path::Path::new(&dir).join(name), browser.picture())
                    .expect("a picture is kept");
            }
        }
    }
    let requested = browser.requested();
    let strange: Vec<_> = requested
        .iter()
        .filter(|address| !address.contains("/docs") && !address.ends_with("/favicon.ico"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let complaints: Vec<_> = browser.complaints().into_iter().filter(|told| !told.contains("404")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}
