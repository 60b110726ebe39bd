//! RSA keys for tests.
//!
//! TEST ONLY. These private keys are public and worthless: they were made for this file, are known
//! to everybody who can read it, and have never protected anything. Never trust them outside a test.
//! They are here because making an RSA key takes seconds and ring can't make one at all.

/// TEST ONLY, PUBLIC, WORTHLESS. 2048-bit RSA, PKCS#8 DER in base64.
pub(crate) const TEST_ONLY_RSA_1: &str = concat!(
    "MIIEuwIBADANBgkqhkiG9w0BAQEFAASCBKUwggShAgEAAoIBAQCMsthHqtpo/j6xpZ+EuRtYVSMFtzjDJITDJY6h",
    "sJVve6vnsIePjPL9O85hrTdI+kSOry1YXA+RdUEt9KXsaZ9zLN6bxZDx4ZqInNm1fx4qLa+tMOfwKq4Pii6tx1SJ",
    "NULgdIiGD7hYU2aLdOfv3Cjy58VT8GwgiR3q3lc9M6jXbKcwmSxccWOmbdMYcQXuZKCv1WgeewuuBFf/2Bzy0l41",
    "FxJUczutj/5YAGu9Yey8W7eR9XIKnuUcFltgwkq3PIKeuYwhNlSeJ/msLrNxQUTh/Uni9HAxzYmU4kwLJjRuaecE",
    "vKBRUmWresD0JdeEXmHes8VJh3FBM/GFnh5i+CdZAgMBAAECgf5kf1qPRAy9zW76mZvpw7wNpVSDUu5dByZfq09a",
    "d+uzI36B/5WwGCIKdmRhqaFBWqZ4+zmxmlmEZ/NLKStbIBbEdv8c1yYexCsLIGvO7v14R7wPZt9pPxMVKwwsgjRy",
    "FitllY436rl479BPOg1MtIdmsG9m8y9tMoOZ0hI1ErE+CQWHlotS63uEk6vBlDKWleR+BTe8FRKzPxAzGyXIUGWc",
    "CT731qINhbda7NN/Xd2fH6SU++fhOIB5uaNgnBtoNO72xkr8euF+BsAiTYcwg5yMUEhzADuTC+S6sevs5viwEyGb",
    "ZfdDEi6ZeyvQV+uAkyHTfklrkHbeUdaTrt33XQKBgQDEdIFYhjh03l7G+b9kQAYxzILsp2pnpp23yNpa8ZkZWbin",
    "QYbGr9fEMFrdOi+DDFBp+ypNTo9c+r+BbC18y+TwM2FAO9wd/tIFL7vQ8d7jeQSGGKnhyOGDrF7V34m1b/6KmGof",
    "5Q/DT/UwfGxKbv8YnzQJ8mOvJ58iYb5dduLx5wKBgQC3WAofwpKakZNiDb5/DBKPYQtJzthPVVqOlyd4wscEkFzS",
    "EWfQvk1ZufLnHu1N53WIZrdCua7/WwV+Awi55U1+x8Dv1KuZdhDQqV/CAiAPH3oAUn5mze5eOOPAGg7XKvRqEZSz",
    "GTVpnmSvdGeGGXrMSWxfqVkesa8FFb6INo90vwKBgQC3wRHLL6BXEDgufSRcLNaedeBwYxfP47TaVvCG6Dx/zcA+",
    "Ebhy179GLsSO8QHH3hjJSLkEnlrSaWf/MqRJep2lXymz30nAdL0VRNS0V8hXlLZ6h08/dZoag3whKHmyUBMSqAV7",
    "19Gqqnt44qiX5sKM0TznoOVEzBa5HhvlaHJWOQKBgQCFKrQHx3pWPGBROuxfOPSOIY1iaZOhY7xnjxBDXS3SecyB",
    "Y9UEwARMpIvyJPt1tyUeEoUPOPELViBSG4AODafQ6uOPDugoiaHC/RKpRoPkmBcz/rcCkpaM50M893BKBlAKboST",
    "5T5vXXWCHslGlGEl2jqV7NnnOmWGCvod04s03wKBgAR/rH0YkooMMIi/vV+PRHyIohj1rqZ4y9OLAVLMGUW774GZ",
    "vPylFZlv/sJR5u4TDraadhnPPR1xFhduJQ9hccuws+3mO8jvCXgBgetDdhg2n7jzGWUSwzsyXVBFHd/h2qdhOPEg",
    "+fscHxr8nmVSq7Ym0zWgdzMg8ASG22hM2lDi",
);

/// TEST ONLY, PUBLIC, WORTHLESS. A second key, for rotation and for signatures by a stranger.
pub(crate) const TEST_ONLY_RSA_2: &str = concat!(
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCfrclUBQ65XvKPRiJGYMwxalJU5FBfWSnM1l0K",
    "oF184vpo4Joif0HuuRZzAFpsXixYV58J9JKcUC+ZuKkAD8SxlX6tA0DUqtXlsi35IYKfcyZYp7ATKWoGTsqQcRAu",
    "Hlp+kxP+WyJkfUTZSwz+jq0Je3Xu0wp5NFtA5zFS1p7Sd59kdbs4Qn5EXcAtmPJ2dL8hozN8hn8COXSyWim+9PVb",
    "ygEoc2nUiYSHn1RGNuteG9TKuaLhJF2HjjntVRCr6cU09se91qTfBW6d9zdJqQfWI4BPJldjOlzP+3sVptPfiHgc",
    "EYXeLFTM91L67PFAfMmbtHgNJYzP206a95c1/UCdAgMBAAECggEAQdALiFUzTeTb3YB/FPnFf2J+f53AoKPrzhDW",
    "NVCGZ7hXlE1qSeiggKeJoKmXG04vQdQPaTeEC+gizl1lTnCxVa4zkVSjbmPhGDR5rVKJ93Uq62Rl9mfd2q6z35ey",
    "HwgErWGqXm4qfTeCXnsH5o1gtWVM5LvX97/EErqXQjjSKhVbf3drXunHafmJoxWOJ2fdFu8FvTp/omQEV3i7pa45",
    "hQNr6kyVxz8iW+SaWfZ0dELgX0BIRaLd77jl6ZTdXX6Qip3HmH4UM2uX/cB2Y+w0r9Vbd+bKnJ5PGj+TcH3n1uKp",
    "fVWurY5GwjMmTXTS1nLZfxH8sDsMfShJq+xMtwpP4wKBgQDbuH2DPCRJw57EUpNx4zRuwKhu87e6IVBubxv0y+Tl",
    "wLLeQ7OCaCU0EHGDLU38rWEsFqCec4J85KI6IY9toPpJdTL1KVgnlvwpQIiBIOhIhonMJsbjW39RsGc5CcYhyx4l",
    "pJ+JcNyyQxc706JX+kWpakENpyxynK8y+7dq11xw6wKBgQC6C1n01YAvPsnIRMdKQDgbR1PqaJxNjv7Jhs1gcTkT",
    "02V8rRCc+ZU59gon1FtMKNt7nQTIYUNQyqmQ1sg9K8aGuhvMuG0Z5qI7puz+D5gY9mOIVOBhKVVrYWctP1xUmw5/",
    "EUWkFeHP4jXzin2ZS57VTZvF2oZAqYKBgxftEQpylwKBgQCox+yqbf2WKE4Ck0guGRFC7n20VUVSFps5aeJ4xlN7",
    "5e3A7RKs3yGNAACiep/ItMrLWkphzWt0UxEHRJZv6VO6L+xIBU1xg/sKGUeCoeutIqQhjbwEFFoWP0LbvtVTSjtL",
    "QU1H/8mYqg7j5ytzF46BmFyGh1+OXyv6JwB7cxnQpwKBgFBvA+9UNt02Oir5gWfap+czSVZ478qgXgtm2ngtu02V",
    "AbWLZTlYtmmes/lQWEBvEaU5142Cb4YIeJMEKQI5YNVytP4nZhPioJVFsASPXWS9cX7Jo1CefC22qNLpJ9P0Taom",
    "H4O3ai9kT4sBfxe9l+gEa6p4tb5TCvdPZBK8YVX1AoGAMiNAxUmjzLfe8FmnwTsb4pb0B4RnT6twgw6GZsTFRHNV",
    "V3tTzq7reHf8bo7YQhcTOLB5daftPCb4TMsPHkPPL+HZNtF/4dCPgqPmf5WexeAtUl21aTElcRCOAiPlRD6cw7YN",
    "2BP6tbJgETSS4uvjFvD2GH1Yu+xre+h1xw/2m9E=",
);
