//! Calls with a secret in them, and calls with what only looks like one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::random::Random;

/// Kinds of secrets: name, and shape.
pub const FAMILIES: &[(&str, &str)] = &[
    ("Google access token", "ya29.{T60-180}"),
    ("Google access token, short", "ya29.a0{T30-50}"),
    ("Google refresh token", "1//0{T40-100}"),
    ("Google API key", "AIza{T35}"),
    ("Google client secret", "GOCSPX-{T28}"),
    ("GitHub personal token", "ghp_{A36}"),
    ("GitHub OAuth token", "gho_{A36}"),
    ("GitHub user token", "ghu_{A36}"),
    ("GitHub server token", "ghs_{A36}"),
    ("GitHub refresh token", "ghr_{A76}"),
    ("GitHub fine-grained token", "github_pat_{A22}_{A59}"),
    ("Slack bot token", "xoxb-{D10-13}-{D10-13}-{A24}"),
    ("Slack user token", "xoxp-{D10-12}-{D10-12}-{D10-12}-{H32}"),
    ("Slack app token", "xapp-1-A{U10}-{D13}-{H64}"),
    ("Slack webhook", "https://hooks.slack.com/services/T{U8-10}/B{U8-10}/{A24}"),
    ("JSON web token", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{T60-200}.{T43}"),
    ("JSON web token, RS256", "eyJ{T30-80}.eyJ{T60-400}.{T342}"),
    (
        "PEM key",
        "-----BEGIN RSA PRIVATE KEY-----\n{B64}\n{B64}\n{B64}\n-----END RSA PRIVATE KEY-----",
    ),
    (
        "PEM key, PKCS 8",
        "-----BEGIN PRIVATE KEY-----\n{B64}\n{B64}\n{B40}==\n-----END PRIVATE KEY-----",
    ),
    (
        "OpenSSH key",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{B70}\n{B70}\n-----END OPENSSH PRIVATE KEY-----",
    ),
    ("AWS access key", "AKIA{S16}"),
    ("AWS temporary key", "ASIA{U16}"),
    ("AWS secret key, named", "aws_secret_access_key = {B40}"),
    (
        "Azure storage key",
        "DefaultEndpointsProtocol=https;AccountName=store{D3};AccountKey={B86}==;EndpointSuffix=core.windows.net",
    ),
    ("Azure client secret", "{A3}8Q~{A34}"),
    ("OpenAI key", "sk-{A48}"),
    ("OpenAI project key", "sk-proj-{T100-156}"),
    ("Anthropic key", "sk-ant-api03-{T93}AA"),
    ("Stripe live key", "sk_live_{A24}"),
    ("Stripe restricted key", "rk_live_{A24-99}"),
    ("Stripe webhook secret", "whsec_{A32}"),
    ("Twilio key", "SK{H32}"),
    ("SendGrid key", "SG.{T22}.{T43}"),
    ("npm token", "npm_{A36}"),
    ("PyPI token", "pypi-AgEIcHlwaS5vcmc{T80-160}"),
    ("GitLab token", "glpat-{T20}"),
    ("DigitalOcean token", "dop_v1_{H64}"),
    ("Hugging Face token", "hf_{A34}"),
    ("Telegram bot token", "{D9}:AA{T33}"),
    ("Telegram bot token, any", "{D10}:{T35}"),
    ("Discord bot token", "M{A23}.{T6}.{T27}"),
    ("Discord webhook", "https://discord.com/api/webhooks/{D18}/{T68}"),
    ("Shopify token", "shpat_{H32}"),
    ("Square token", "sq0atp-{T22}"),
    ("Mailgun key", "key-{H32}"),
    ("Auth0 client secret, named", "client_secret: {T64}"),
    ("Postgres address", "postgres://app:{A12-20}@db.internal.example:5432/prod"),
    ("MongoDB address", "mongodb+srv://admin:{A16}@cluster0.{L5}.mongodb.net/test"),
    ("Redis address", "redis://:{A16}@cache.example:6379/0"),
    ("Address with basic auth", "https://deploy:{A14}@git.example.com/app.git"),
    ("Password in a sentence", "password: {A6}!{A6}"),
    ("Bearer header", "Authorization: Bearer {T40-60}"),
    ("API key, named", "api_key={A32}"),
    ("SSH age key", "AGE-SECRET-KEY-1{U58}"),
    ("Vault token", "hvs.{T90}"),
    ("Databricks token", "dapi{H32}"),
    ("Linear key", "lin_api_{A40}"),
    ("Notion token", "ntn_{A46}"),
    ("Notion secret", "secret_{A43}"),
    ("Doppler token", "dp.pt.{A43}"),
    ("Postman key", "PMAK-{H24}-{H34}"),
    ("New Relic key", "NRAK-{U27}"),
    ("Sentry token", "sntrys_eyJ{B80}_{B43}"),
    ("Grafana token", "glsa_{A32}_{H8}"),
    ("Atlassian token", "ATATT3xFfGF0{T160-180}"),
    ("Airtable token", "pat{A14}.{H64}"),
    ("1Password secret key", "A3-{U6}-{U6}-{U5}-{U5}-{U5}-{U5}"),
    ("Asana token", "1/1{D15}:{H32}"),
    ("Azure signature", "sv=2024-11-04&sp=rl&sig={A20}%2B{A22}%3D&se=2027-01-01"),
    ("Brevo SMTP key", "xsmtpsib-{H64}-{A16}"),
    ("Databricks secret", "dose{H32}"),
    ("Doppler service account", "dp.sa.{A43}"),
    ("Dropbox token, new", "sl.u.{T140}"),
    ("Figma OAuth token", "figo_{T43}"),
    ("Fly token", "fo1_{T43}"),
    ("GitLab job token", "glcbt-64_{T20}"),
    ("GitLab runner token", "GR1348941{T20}"),
    ("Harness token", "pat.{A22}.{H24}.{A20}"),
    ("HubSpot token", "pat-eu1-{H8}-{H4}-4{H3}-a{H3}-{H12}"),
    ("Langfuse key", "sk-lf-{H8}-{H4}-4{H3}-a{H3}-{H12}"),
    ("Mailchimp key", "{H32}-us{D1}"),
    ("Mailgun key, new", "{H32}-{H8}-{H8}"),
    ("MaxMind key", "{A6}_{A29}_mmk"),
    ("MongoDB Atlas secret", "mdb_sa_sk_{T40}"),
    ("Neon key", "napi_{A64}"),
    ("Netlify CLI token", "nfc_{A36}"),
    ("New Relic licence", "{H36}NRAL"),
    ("NVIDIA key", "nvapi-{T64}"),
    ("Octopus key", "API-{U26}"),
    ("Okta header", "SSWS 00{T40}"),
    ("OneSignal key", "os_v2_app_{A104}"),
    ("OpenShift token", "sha256~{T43}"),
    ("PayPal access token", "A21AA{T90}"),
    ("PostHog key", "phx_{A43}"),
    ("Resend key", "re_{A8}_{A24}"),
    ("Sourcegraph token", "sgp_{H16}_{H40}"),
    ("Sumo Logic address", "https://collectors.sumologic.com/receiver/v1/http/{A60}=="),
    ("Tavily key", "tvly-{A32}"),
    (
        "Teams webhook",
        "https://acme.webhook.office.com/webhookb2/{H8}-{H4}-4{H3}-a{H3}-{H12}@{H8}-{H4}-4{H3}-a{H3}-{H12}/IncomingWebhook/{H32}/x",
    ),
    ("Trello token", "ATTA{H72}"),
    ("Twitch token", "oauth:{L10}{H20}"),
    ("Vercel blob token", "vercel_blob_rw_{A16}_{A30}"),
    ("Weights & Biases key", "wandb_v1_{A22}_{A55}"),
    ("X bearer", "AAAAAAAAAAAAAAAAAAAAA{A8}%2F{A20}%3D{A50}"),
    ("Extended private key", "xprv9{A106}"),
    ("Yandex key", "AQVN{T36}"),
    ("Zapier webhook", "https://hooks.zapier.com/hooks/catch/{D7}/{A7}"),
];

/// How a secret stands in a call.
pub const FORMS: &[&str] = &[
    "alone",
    "in prose",
    "in punctuation",
    "glued to text",
    "in JSON text",
    "base64",
    "base64, URL alphabet",
    "base64, no padding",
    "base64 of a sentence",
    "base64, wrapped",
    "hexadecimal",
    "percent escapes",
    "two fields",
    "two fields, reversed",
    "two fields in prose",
    "three fields",
    "with zero-width characters",
    "with spaces",
    "with line breaks",
    "full width",
    "in a URL",
];

/// An ordinary call that writes: the strings of its fields.
pub fn clean(random: &mut Random) -> Vec<(&'static str, String)> {
    let calls: &[&[(&str, &str)]] = &[
        &[
            ("to", "kim@example.com"),
            ("subject", "Minutes of the {D2} May meeting"),
            (
                "body",
                "Hi Kim,\n\nthe minutes are attached; please have a look at item 3 before Friday.\n\nBest,\nLee",
            ),
        ],
        &[
            ("title", "Planning {D1}/{D1}"),
            (
                "description",
                "Agenda: budget, hiring, offsite in June. Room 4.12, dial in if you are remote.",
            ),
            ("location", "Main building"),
        ],
        &[
            ("channel", "general"),
            ("text", "Deploy of v2.{D1}.{D2} is done, see the changelog. Thanks everybody!"),
        ],
        &[
            ("title", "Crash when saving"),
            (
                "body",
                "Steps: open the file, press save twice. Expected: saved. Actual: crash in line {D3}.",
            ),
            ("labels", "bug"),
        ],
        &[
            ("amount", "12.50"),
            ("recipient", "Spotify"),
            ("subject", "Rent for the flat, month {D1}"),
        ],
    ];
    let call = calls[random.below(calls.len())];
    call.iter().map(|(name, shape)| (*name, random.shape(shape))).collect()
}

/// A clean call with a secret in some form, and how it was put there.
pub fn planted(random: &mut Random, secret: &str, form: &str) -> Vec<(&'static str, String)> {
    let mut call = clean(random);
    let long = (0..call.len()).max_by_key(|i| call[*i].1.len()).unwrap();
    let cut = random.between(secret.len() / 4 + 2, secret.len() * 3 / 4);
    let every = |with: &str, n: usize| -> String {
        let chars: Vec<char> = secret.chars().collect();
        chars.chunks(n).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join(with)
    };
    let sentence = format!("Here is what you asked for: {secret} (keep it safe)");
    let text = match form {
        "alone" => secret.to_owned(),
        "in prose" => {
            let text = random.pick(&[
                "Please use {} for the integration, thanks.",
                "I found {} in the old wiki and wanted to share it with you",
                "As discussed the value is {}; it expires next week",
                "{} is what the build needs.",
            ]);
            text.replace("{}", secret)
        }
        "in punctuation" => {
            let text = random.pick(&[
                "({})", "\"{}\"", "<{}>", "`{}`", "[{}].", "={};", "'{}',", "**{}**", "{}!", "|{}|",
            ]);
            text.replace("{}", secret)
        }
        "glued to text" => format!("x:{secret},and more"),
        "in JSON text" => format!("{{\"value\": \"{}\"}}", secret.replace('\n', "\\n")),
        "base64" => STANDARD.encode(secret),
        "base64, URL alphabet" => URL_SAFE.encode(secret),
        "base64, no padding" => {
            if random.below(2) == 0 {
                STANDARD_NO_PAD.encode(secret)
            } else {
                URL_SAFE_NO_PAD.encode(secret)
            }
        }
        "base64 of a sentence" => STANDARD.encode(&sentence),
        "base64, wrapped" => {
            let width = random.pick(&[&64usize, &76, &40]);
            let all = STANDARD.encode(format!("{sentence} {sentence}"));
            let lines: Vec<&str> =
                all.as_bytes().chunks(*width).map(|c| std::str::from_utf8(c).unwrap()).collect();
            lines.join("\n")
        }
        "hexadecimal" => secret.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat(),
        "percent escapes" => secret
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() && b % 3 != 0 {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect(),
        "with zero-width characters" => every("\u{200b}", 5),
        "with spaces" => every(" ", 8),
        "with line breaks" => every("\n", 12),
        "full width" => secret
            .chars()
            .map(|c| {
                if c.is_ascii_graphic() {
                    char::from_u32(u32::from(c) + 0xfee0).unwrap()
                } else {
                    c
                }
            })
            .collect(),
        "in a URL" => format!(
            "https://collect.example/p?d={}&v=1",
            secret.replace('\n', "%0A").replace(' ', "%20")
        ),
        "two fields" | "two fields, reversed" | "two fields in prose" => {
            let other = if long == 0 { call.len() - 1 } else { long - 1 };
            let (first, second) = secret.split_at(cut);
            let (first, second) = match form {
                "two fields in prose" => {
                    (format!("{} {first}", call[long.min(other)].1), format!("{second} and so on"))
                }
                _ => (first.to_owned(), second.to_owned()),
            };
            let (a, b) = (long.min(other), long.max(other));
            let (a, b) = if form == "two fields, reversed" { (b, a) } else { (a, b) };
            call[a].1 = first;
            call[b].1 = second;
            return call;
        }
        "three fields" => {
            let third = secret.len() / 3;
            let (a, rest) = secret.split_at(third);
            let (b, c) = rest.split_at(third);
            return vec![("a", a.to_owned()), ("b", b.to_owned()), ("c", c.to_owned())];
        }
        other => panic!("no form {other}"),
    };
    call[long].1 = text;
    call
}

/// What only looks like a secret: kind, and text.
pub fn look_alikes(random: &mut Random) -> Vec<(&'static str, String)> {
    let image = |random: &mut Random, head: &[u8]| {
        let length = random.between(200, 3000);
        let mut bytes = head.to_vec();
        bytes.extend(random.bytes(length));
        STANDARD.encode(bytes)
    };
    let prose = "The committee met on Tuesday and agreed that the report will be published in autumn. \
        Members asked for the password policy, the access rules and the key figures to be explained. ";
    let png = image(random, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let jpeg = image(random, b"\xff\xd8\xff\xe0\0\x10JFIF\0");
    let document = STANDARD.encode(prose.repeat(random.between(1, 8)));
    let url_document = URL_SAFE_NO_PAD.encode(random.bytes(900));
    let wrapped: Vec<String> =
        jpeg.as_bytes().chunks(76).map(|c| String::from_utf8(c.to_vec()).unwrap()).collect();
    let mut all: Vec<(&'static str, String)> = [
        ("git commit", "commit {H40}"),
        ("git commit, short", "fixed in {H7}, reverted in {H10}"),
        ("git range", "{H7}..{H7} and {H40}"),
        ("UUID", "{H8}-{H4}-4{H3}-a{H3}-{H12}"),
        ("UUIDs", "{H8}-{H4}-4{H3}-a{H3}-{H12}, {H8}-{H4}-4{H3}-a{H3}-{H12}"),
        ("MD5", "md5 {H32}"),
        ("SHA-1", "sha1:{H40}"),
        ("SHA-256", "sha256:{H64}"),
        ("SHA-512", "SHA-512 {H128}"),
        ("Docker digest", "nginx@sha256:{H64}"),
        ("npm integrity", "sha512-{B86}=="),
        ("package lock", "\"resolved\": \"https://registry.npmjs.org/a/-/a-1.{D1}.0.tgz\", \"integrity\": \"sha512-{B86}==\""),
        ("ordinary long id", "order 1{D17}"),
        ("document id", "https://docs.google.com/document/d/1{T43}/edit"),
        ("event id", "event {L26}"),
        ("message id", "<CA{T45}@mail.gmail.com>"),
        ("page token", "nextPageToken: {T60}"),
        ("sync token", "\"nextSyncToken\": \"{B24}=\""),
        ("ETag", "etag \"{H32}\""),
        ("trace id", "traceparent: 00-{H32}-{H16}-01"),
        ("ULID", "01H{U23}"),
        ("customer id", "cus_{A14}, pi_{A24}, pm_{A24}"),
        ("publishable key", "pk_live_{A24}"),
        ("Slack ids", "U{U10} in C{U10}, ts 1700000000.{D6}"),
        ("GitHub node id", "MDQ6VXNlc{A6}="),
        ("public SSH key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{B43} kim@laptop"),
        ("public RSA key", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{B300}= kim"),
        ("public PEM key", "-----BEGIN PUBLIC KEY-----\n{B64}\n{B64}\n-----END PUBLIC KEY-----"),
        ("certificate", "-----BEGIN CERTIFICATE-----\n{B64}\n{B64}\n{B64}\n-----END CERTIFICATE-----"),
        ("fingerprint", "SHA256:{B43}"),
        ("Nix store path", "/nix/store/{L32}-openssl-3.0.{D1}/bin/openssl"),
        ("pod names", "api-{H10}-{L5} web-{H8}-{H4}-4{H3}-a{H3}-{H12}"),
        ("hashed names", "{H32}-{D8}.jpg compat.v1.{L8}.{L8}.Module ico-{H32}.svg"),
        ("zeros in base64", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA{B120}AAAAAAAAAAAAAAAAAAAAA{B160}"),
        ("tracking number", "1Z{U16}, RR{D9}DE"),
        ("licence plate and part numbers", "SK-{D5}-{D4}, key-{D4}, AC{D8}"),
        ("checksum list", "{H64}  app.tar.gz\n{H64}  app.zip"),
        ("CSS and asset names", "main.{H20}.js chunk-{A8}.css index-{A8}.js"),
        ("ISO times and versions", "2026-05-{D1}T10:00:00Z v1.{D2}.{D2}-rc.1+build.{H7}"),
        ("long words", "https://example.com/why-internationalization-and-accessibility-matter-in-{D4}?utm_source=newsletter&utm_campaign=spring_{D2}"),
        ("text about tokens", "a token begins with ghp_ or sk- and a password needs 12 characters; the secret is patience"),
        ("placeholder", "api_key=YOUR_API_KEY_HERE password: <your password> token: ${TOKEN} sk-xxxxxxxxxxxxxxxxxxxxxxxx"),
    ]
    .iter()
    .map(|(kind, shape)| (*kind, if shape.contains("${") { (*shape).to_owned() } else { random.shape(shape) }))
    .collect();
    all.push(("base64 PNG", format!("data:image/png;base64,{png}")));
    all.push(("base64 JPEG", jpeg));
    all.push(("base64 JPEG, wrapped", wrapped.join("\n")));
    all.push(("base64 document", document));
    all.push(("base64 bytes, URL alphabet", url_document));
    all
}
