//! RSA keys for tests.
//!
//! TEST ONLY. These private keys are public and worthless: they were made for this file, are known to
//! everybody who can read it, and have never protected anything. Never trust them outside a test.

/// TEST ONLY, PUBLIC, WORTHLESS. 2048-bit RSA, PKCS#8 DER in base64.
pub(crate) const TEST_ONLY_RSA_1: &str = concat!(
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCWVMw/gH6jaDNqVq+eJOci9Yhil+5BQT9uoa2l",
    "b+jLE6gSWhIFBkACZOjUjMQOnUqP3+mDMXJf5s+eKrcNvNzmF+iB7IdeKUV/TiYLnFuSeyHgMT9m7uF6x0R7V1Uy",
    "Z5D+EWEbUANqmIvRBliUkWj4kfH2wLSFipttfomjH4vQ7bzrKolen7k0N/cLvrDi9DHeo+V7EN0RWx+qrPUbQBxr",
    "XlXTrzelX5TKPpWaDtGbBU1lXEUz6+IUH7NihtjrA1ixY8+BJC+cyDEdNH666byUrU14SHbRyvGV2Tb7r8MhxBhH",
    "l7Dw3c9M3T7QhgbAR3IiSedVMOrzjxy1o4m/7V73AgMBAAECggEAA5rR8P3gS4POo9CjUmv5HOX9WLvi6y6o2jrH",
    "Qq3Ny7zTbWk6gGNXepc33AzqEJ2l8ZBBdbNkVjdfKCBHFm2+cEgHe8ITtubPc0+I6wNbUMZiGBGmPw4gWwTXOAvu",
    "j5BbMjRxeymug0pYI/F+g0V/WmKJhky1p3Qc6QG9RCuX+zEGxOULYTBxe0qva1uVJLNPTNlMUBoVacDoTUgMZK8q",
    "eutpeMEuFLUgLeHd0xSnTvlxTIP9Q7x+x74CHlPz4Q1HIUQr2a4IP9oqizg/pixQKGPoqr7lxj/YdIztkqezSJo0",
    "q9FCNk/xk7KHahugeDOE+SqgDkfM9Wm2kgCF2CFWlQKBgQDTc7jpH+pq2Ed6rJRzNB7CEJMsRd0Z040/dcyorP4E",
    "Td0xoh7AKNE1+RLoa4UV1msyjkzW5Cfr6A6wQj3OuysFY6M0JOBz+qj2anx5JxZP2owpsZYJVKAM6qEI8OG1B4db",
    "cK2i17xSvyA/YdRlSj0X943/aXXdM/3fbQal13g9rQKBgQC2AKMvUOaOV1nZTNaXO5ajVmXlC29NAFaKkilptxDK",
    "JyIbIBvv+H2cJfQX5Bh0EgVUwilzFJb/gBOkLl1eaAVBtAFsOYETs1JluQY8aBfKHjjATKxQy1dAJ7ICnYjpzrvr",
    "WBtT+LAgAKXt0RRq/5zalam0yPl8z/4PeSRzEt0bswKBgQCSLKiCeC68R+E5+73v2fL9YynqbC2JogY9/XhKjrRX",
    "U2B65EDvxAfEkPeyNkndK8oVO+wAjd7PJS+qR1Ck7hyycAuti2SiqIBPQJPlyNCSyVklpX872gV+iGBkZukRFTBM",
    "VRujvBGS/k8TodSLZQPQ4rCGBWiWT0/MOXlkAg08TQKBgCtdRYRdk0FxAKBs1WhdM0whps+HBPLk1LnZj3J3wtFX",
    "t6Gc6esoWs1coacbmtP1Az4psPSRgFTKMGPbBDYdNLtt5zThEqcd/9Dq39h+uMRYpQ70dc4eVOCdVKWY4WlL76xo",
    "ZsKAK37EiMR8H5BK7RWLuU6w3/jkGdWX+J5ObU5PAoGBALzgEg2A3RQtCqrF+yvTqOChbUtoe6U/y1ebxqrsxILu",
    "e6Svic7jrvjHN2zykfDW+97vbP1PWlqCUE78O+az11pLiU5zHJpB0ds8E/kg/qgaFT/hy7iFOlMe6xqVtPS7Nox/",
    "fYIV+jEq+t+JBKHVsTj04+arYBUhHDkWWXabSGbz",
);

/// TEST ONLY, PUBLIC, WORTHLESS. 2048-bit RSA, PKCS#8 DER in base64.
pub(crate) const TEST_ONLY_RSA_2: &str = concat!(
    "MIIEugIBADANBgkqhkiG9w0BAQEFAASCBKQwggSgAgEAAoIBAQCxk4Rq5GGLU6JIw7vIPhPtDgYHE9C5Znbt5RSY",
    "lNDIpANWzTLs7Yyx3UR8AojlMKfkQaS9R7CSrf91k0+xsKHy2iJPHbQQ/w7wmsZcM8zMcvZ4YnZBJmkuNbxlSIBe",
    "+u/NGMbK/fM7lqyLEdXzP83OugcEYw319x47MX0AF38RiihI9n0ExHPS2yFi32O7M22GNSXfcdJjnf0vnAJzGlMA",
    "OCOGr2t8OI6K5V/NS9p4JVZKw/s0wWwk2qmpoCNBUATwvx96uydIAS3KYh6Q6wM9Rzj8PqO2EV+qJubxT4Rk9LvH",
    "NdABE1bqGKfsYTACbjBk9godwKUiGP/F1txlGy3XAgMBAAECgf4Qj67bHX2RU9lUwt89O8XziZ2a258TLsrPhOrG",
    "VC6irO43Wfp/GlT7j+cC9WlPtxTVlcO6OwAFFYN8v07/BnOPiOhj8UK8wnsEX6/zMRFRa3n1+AJ9fHMfEo2wl5Rq",
    "pXlQeRROPxFkVYfxzUieS0J/ESyyOBC9triBNDwx6HvEQrQECUdSZpg1JhH0lky96es9rTj7d+fmbB7olzgCin/P",
    "ZxlPsacDlD1LCtNHNHPv+7CjskA61riOqGjsz8kT+i/hoj3ONFM/JFVxqtfWlybNmq0/83xJCz/10HzgUM7IlBGQ",
    "C1sbTb5JfW4nbbj/vxo25i8F0yKOFLibMlDsEQKBgQDtV1Fa1/evjCEteur7WVA509Zs0KEcSkLfmGVQENF3xO41",
    "1YxrU5IbpwjDAnxitQ0AJsGqkOyZCz+J6gh4XyffMgFXclSDMsENuVsl3Bqqz0eVy9aS3rWoiA58p+fT0BKlxc3Y",
    "TYA5CW32WvWutxuQY6SumsO3g2eY4ky1SPnqdQKBgQC/iWIk1csba3qkLa9zBZkd+5hrb9na3tY5w87GnE3zzKxK",
    "7L85H6se3x50ImAhLjKNr+w2iwlodwtrxrea2AixtHDMRIJ2TWifyK6POsa7fMiolnO8wCBBQVnVb+a+r1qdtxVz",
    "sYCrfONHm4tFmSA0UBQzIHQDxTYNaN3uD0A1mwKBgEpR723M9wiHjtQZC4ANpauWBC0q32hmcK5noEIEIjOo/Rbq",
    "egAZuUTjd0DphF28aAfGGxr4Kr554TmkiWZ4FZo0pGrnqEM1H3LWug4O8GLQaZAktlpjVushP7gVM+kF3PEAEcdL",
    "7Xzu0Po13X0KZZ0/NpBeci8C/OvI4VBbO7cJAoGAHPB3AbXDwFrW5uN4NNrNrbgL6X+23Nj6aTPqlBuds45jIdbv",
    "dYQRaNKxWT6wY5MFVF8WQ49yVnRWJ2yY5S5q8d6fhF19kL5VZn790OpCiKVr8/z3c7dbqEBlgFgt9vWrrVSySw6w",
    "sDhoZrNbsaJXOVA4HRl0LfWoGxKTJZrsSq0CgYEA43977UuaAzJDIy2vYloIoXYXo04PLo/er/nQ/0UGeh9YiqA9",
    "vUb6AXj45ipKIdPul/4BASFVA9vXvCxjN2WlZM92XZULKiohcLgVr8yGCga6GuszgRpxfBdpNkoPbceUoeRwo5Is",
    "wOn7Jmrs9hY03QIVi0pblTYselopxZ45RHI=",
);

/// The modulus of a 1024-bit key, whose private half was thrown away.
pub(crate) const WEAK_MODULUS: &str = concat!(
    "uJh-MbIINe74CXwNedm3nno42_0tsqGOxyO_MDQT5A-NEl3tHB2yEZZdw37iwpNKtBNsZrIJFDaXlCU4oqvU3W88",
    "5ZftODAD7R-qmEFFmXkbgDpYJwjqO9GwEs7fCFeFsBBCphSW3hO2e68WheNTqlxjKCHuh0R71MVCEWIwHFE",
);

/// A token that is right in everything but the size of that key (`kid` `weak`).
pub(crate) const WEAK_TOKEN: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IndlYWsifQ.eyJpc3MiOiJodHRwczovL2FjbWUuZXUuY",
    "XV0aDAuY29tLyIsInN1YiI6ImF1dGgwfHUxIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZSIsImlhdCI6MTc5M",
    "DAwMDAwMCwiZXhwIjoxNzkwMDAzNjAwLCJhenAiOiJjbGlfYWdlbnQifQ.fLR6E3hbqEUmyzfuz5sMhWgk8wvPb1",
    "vnIUpmyb7B-FCUW8u0febVSamWsZryNAKMpXLWP0djqJpAMzoHQ5Uj2dY9eoyr_x_0B7IoIwmEQRJJbvnLtFQet1",
    "hPlbB-XHX8a5cNZgZCyj1jGxUUhq5DXHB-dDAdA5yEQ8vblAuja-k",
);
