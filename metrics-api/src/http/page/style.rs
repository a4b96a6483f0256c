//! The page's whole style sheet: NHS colours with at least 4.5 to 1 contrast for text, and no meaning by
//! colour alone (handbook, statistics, section 7).

pub(super) const CSS: &str = "
:root{--text:#212B32;--second:#4C6272;--blue:#005EB8;--dark:#003087;--tint:#F0F4F5;--line:#768692;--concern:#E46C0A}
*{box-sizing:border-box}
body{margin:0;color:var(--text);background:#fff;font:18px/1.5 Frutiger,Arial,sans-serif}
a{color:var(--blue)}a:focus{outline:4px solid var(--text);background:#FFEB3B;color:var(--text)}
.skip{position:absolute;left:-999em}.skip:focus{left:0}
header{background:var(--blue);color:#fff;padding:16px 24px}
header p{margin:0}header .name{font-weight:700;font-size:20px}
header .as-of{font-size:40px;line-height:1.2;font-weight:700;margin:8px 0}
main{max-width:1200px;margin:0 auto;padding:8px 24px 48px}
section{margin:32px 0}h1{font-size:32px}h2{font-size:26px;border-bottom:2px solid var(--blue);padding-bottom:4px}h3{font-size:20px}
table{border-collapse:collapse;width:100%;margin:12px 0;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:700;padding:4px 0}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid #D8DDE0;vertical-align:top}
thead th{border-bottom:2px solid var(--line);color:var(--second)}
td.n,th.n{text-align:right}
tbody tr:nth-child(even){background:var(--tint)}
.small{color:var(--second);font-size:16px}
.condition{border-left:8px solid var(--concern);padding:8px 16px;margin:8px 0;background:#fff}
.calm{border-left:8px solid var(--blue);padding:8px 16px;background:var(--tint)}
.wide{overflow-x:auto}
body.stale{background:#D8DDE0;filter:grayscale(1)}
.stale-word{font-size:26px;font-weight:700;padding:16px 24px;border:4px solid var(--text);background:#fff}
footer{background:var(--tint);padding:16px 24px;border-top:4px solid var(--blue)}
";
