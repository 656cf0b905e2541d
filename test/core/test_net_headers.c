/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <stdlib.h>

#include "core/net/headers.h"
#include "core/net/key_values.h"

#define TEXT(literal) GENOPS_LITERAL(literal)

static GenopsError error;

static void
set(GenopsHeaders *headers, const char *name, const char *value)
{
	assert_true(genops_headers_set(headers, genops_slice(name), genops_slice(value), &error));
}

static void
names_are_unique_in_any_case(void **state)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;

	(void) state;
	set(&headers, "Authorization", "one");
	set(&headers, "X-Other", "");
	set(&headers, "authorization", " two\t");
	assert_int_equal(headers.count, 2);
	assert_string_equal(genops_headers_get(&headers, TEXT("AUTHORIZATION")), "two");
	assert_string_equal(genops_headers_get(&headers, TEXT("X-Other")), "");

	assert_true(genops_headers_remove(&headers, TEXT("AuthorizatioN")));
	assert_false(genops_headers_remove(&headers, TEXT("Authorization")));
	assert_null(genops_headers_get(&headers, TEXT("Authorization")));
	assert_string_equal(genops_headers_get(&headers, TEXT("x-other")), "");
	genops_headers_free(&headers);
	assert_int_equal(headers.count, 0);
}

static void
many_headers(void **state)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsHeaders copy = GENOPS_NO_HEADERS;
	char name[16];

	(void) state;
	for (int i = 0; i < 100; i++)
	{
		snprintf(name, sizeof(name), "X-%d", i);
		set(&headers, name, name + 2);
	}
	set(&copy, "x-7", "replaced by merging");
	assert_true(genops_headers_merge(&copy, &headers, &error));
	genops_headers_free(&headers);
	assert_int_equal(copy.count, 100);
	for (int i = 0; i < 100; i++)
	{
		snprintf(name, sizeof(name), "X-%d", i);
		assert_string_equal(genops_headers_get(&copy, genops_slice(name)), name + 2);
	}
	genops_headers_free(&copy);
}

static void
refuses_what_cannot_be_sent(void **state)
{
	const struct
	{
		GenopsSlice name;
		GenopsSlice value;
	} cases[] = {
		{ TEXT(""), TEXT("hidden") },
		{ TEXT("a b"), TEXT("hidden") },
		{ TEXT("a:b"), TEXT("hidden") },
		{ TEXT("a\0b"), TEXT("hidden") },
		{ TEXT("caf\xC3\xA9"), TEXT("hidden") },
		{ TEXT("a"), TEXT("hidden\r\nInjected: 1") },
		{ TEXT("a"), TEXT("hidden\n") },
		{ TEXT("a"), TEXT("hidden\0more") },
		{ TEXT("a"), TEXT("hidden\x7F") },
		{ TEXT("content-length"), TEXT("hidden") },
		{ TEXT("Transfer-Encoding"), TEXT("hidden") },
		{ TEXT("CONTENT-ENCODING"), TEXT("hidden") },
		{ TEXT("Expect"), TEXT("hidden") },
		{ TEXT("Host"), TEXT("hidden") },
	};
	GenopsHeaders headers = GENOPS_NO_HEADERS;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		assert_false(genops_headers_set(&headers, cases[i].name, cases[i].value, &error));
		assert_int_equal(error.code, GENOPS_INVALID_ARGUMENT);
		assert_null(strstr(error.message, "hidden"));
	}
	assert_int_equal(headers.count, 0);
	set(&headers, "a", "tab\tand caf\xC3\xA9 pass");
	genops_headers_free(&headers);
}

static void
parses_the_environment_syntax(void **state)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;

	(void) state;
	assert_true(genops_headers_parse(
	    &headers,
	    TEXT(" Authorization = Basic dXNlcjpwYXNz== ,, X-Scope-OrgID=a%20b,c=%,d=%4g%zz100%,e=,"),
	    &error));
	assert_int_equal(headers.count, 5);
	assert_string_equal(genops_headers_get(&headers, TEXT("authorization")),
	                    "Basic dXNlcjpwYXNz==");
	assert_string_equal(genops_headers_get(&headers, TEXT("x-scope-orgid")), "a b");
	assert_string_equal(genops_headers_get(&headers, TEXT("c")), "%");
	assert_string_equal(genops_headers_get(&headers, TEXT("d")), "%4g%zz100%");
	assert_string_equal(genops_headers_get(&headers, TEXT("e")), "");
	genops_headers_free(&headers);
}

static void
a_bad_list_sets_nothing(void **state)
{
	const GenopsSlice cases[] = {
		TEXT("a=secret1,secret2"),       /* a value with a comma */
		TEXT("a=1,=secret2"),            /* no name */
		TEXT("a=1,b=secret2%0D%0AX: y"), /* decodes to a line break */
		TEXT("a=1,b=secret2%00"),
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsHeaders headers = GENOPS_NO_HEADERS;

		assert_false(genops_headers_parse(&headers, cases[i], &error));
		assert_null(strstr(error.message, "secret"));
		assert_int_equal(headers.count, 0);
		genops_headers_free(&headers);
	}
}

static bool
collect(GenopsSlice key, GenopsSlice value, void *arg, GenopsError *unused)
{
	GenopsBytes *out = arg;

	(void) unused;
	genops_bytes_put(out, key.data, key.length);
	genops_bytes_put(out, ":", 1);
	genops_bytes_put(out, value.data, value.length);
	genops_bytes_put(out, ";", 1);
	return true;
}

static void
strict_lists(void **state)
{
	char room[128];
	GenopsBytes out = genops_bytes_over(room, sizeof(room));
	const GenopsSlice bad[] = {
		TEXT("a=%4"), TEXT("a=%"), TEXT("a=%FF"), TEXT("%zz=1"), TEXT("a=%00"), TEXT("just"),
	};

	(void) state;
	assert_true(genops_key_values_each(TEXT("team=a%2Cb , k%3D=gr%C3%BC%C3%9F,x=1=2"), true,
	                                   collect, &out, &error));
	assert_slice(((GenopsSlice){ room, out.length }), "team:a,b;k=:gr\xC3\xBC\xC3\x9F;x:1=2;");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(genops_key_values_each(bad[i], true, collect, &out, &error));
	assert_true(genops_key_values_each(TEXT(""), true, collect, &out, &error));
}

static void
basic_credentials(void **state)
{
	const struct
	{
		const char *credentials;
		const char *expected;
	} cases[] = {
		{ "Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" }, /* RFC 7617 */
		{ "test:123\xC2\xA3", "Basic dGVzdDoxMjPCow==" },                /* RFC 7617 */
		{ "a:b", "Basic YTpi" },
		{ "a:bc", "Basic YTpiYw==" },
		{ "a:b:c", "Basic YTpiOmM=" },
		{ "a:", "Basic YTo=" },
	};
	const char *const bad[] = { "", "user", ":password", "a:b\n" };

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsBytes out = genops_bytes_growing();

		assert_true(genops_basic_auth(&out, genops_slice(cases[i].credentials), &error));
		assert_slice(((GenopsSlice){ (char *) out.data, out.length }), cases[i].expected);
		genops_bytes_free(&out);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
	{
		GenopsBytes out = genops_bytes_growing();

		assert_false(genops_basic_auth(&out, genops_slice(bad[i]), &error));
		assert_int_equal(out.length, 0);
		assert_null(strstr(error.message, "user\""));
	}
}

static void
masks_what_a_peer_quotes(void **state)
{
	const struct
	{
		const char *text;
		const char *expected;
	} cases[] = {
		{ "bad token 'glc_0123456789'", "bad token '**************'" },
		{ "got Bearer glc_0123456789, glc_0123456789",
		  "got *********************, **************" },
		{ "tenant tenant-number-1", "tenant tenant-number-1" },
		{ "short", "short" },
		{ "cut: glc_01234", "cut: *********" },
		{ "too little to tell: glc_", "too little to tell: glc_" },
		{ "", "" },
	};
	GenopsHeaders headers = GENOPS_NO_HEADERS;

	(void) state;
	set(&headers, "Authorization", "Bearer glc_0123456789");
	set(&headers, "X-Scope-OrgID", "tenant-number-1");
	set(&headers, "X-Short", "short");
	set(&headers, "X-Empty", "");
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		char *text = strdup(cases[i].text);

		genops_headers_mask(&headers, text);
		assert_string_equal(text, cases[i].expected);
		free(text);
	}
	genops_headers_free(&headers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_in_any_case),
		cmocka_unit_test(many_headers),
		cmocka_unit_test(refuses_what_cannot_be_sent),
		cmocka_unit_test(parses_the_environment_syntax),
		cmocka_unit_test(a_bad_list_sets_nothing),
		cmocka_unit_test(strict_lists),
		cmocka_unit_test(basic_credentials),
		cmocka_unit_test(masks_what_a_peer_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
