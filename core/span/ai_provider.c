/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/ai_provider.h"

#include "core/base/utf8.h"

/*
 * Lower case, "_" for "-" and blank.  The name that is grouped by and the conventions'
 * name of it; where the latter is absent, the conventions have none.  A new name is a line.
 */
typedef struct ProviderName
{
	GenopsSlice name;
	GenopsSlice folded;
	GenopsSlice convention;
} ProviderName;

static const ProviderName names[] = {
#define PROVIDER(name, folded, convention)                                            \
	{                                                                                 \
		GENOPS_LITERAL(name), GENOPS_LITERAL(folded), GENOPS_LITERAL(convention) \
	}
	PROVIDER("openai", "openai", "openai"),
	PROVIDER("open_ai", "openai", "openai"),
	PROVIDER("openai_codex", "openai", "openai"),
	PROVIDER("anthropic", "anthropic", "anthropic"),
	PROVIDER("claude", "anthropic", "anthropic"),
	PROVIDER("bedrock", "bedrock", "aws.bedrock"),
	PROVIDER("aws.bedrock", "bedrock", "aws.bedrock"),
	PROVIDER("aws_bedrock", "bedrock", "aws.bedrock"),
	PROVIDER("amazon_bedrock", "bedrock", "aws.bedrock"),
	PROVIDER("bedrock_converse", "bedrock", "aws.bedrock"),
	PROVIDER("aws", "bedrock", "aws.bedrock"),
	PROVIDER("azure", "azure", "azure.ai.openai"),
	PROVIDER("azure_openai", "azure", "azure.ai.openai"),
	PROVIDER("azure.ai.openai", "azure", "azure.ai.openai"),
	PROVIDER("az.ai.openai", "azure", "azure.ai.openai"),
	PROVIDER("azure_ai", "azure_ai", "azure.ai.inference"),
	PROVIDER("azure_ai_inference", "azure_ai", "azure.ai.inference"),
	PROVIDER("azure.ai.inference", "azure_ai", "azure.ai.inference"),
	PROVIDER("az.ai.inference", "azure_ai", "azure.ai.inference"),
	PROVIDER("gemini", "gemini", "gcp.gemini"),
	PROVIDER("gcp.gemini", "gemini", "gcp.gemini"),
	PROVIDER("google_ai_studio", "gemini", "gcp.gemini"),
	PROVIDER("generativelanguage", "gemini", "gcp.gemini"),
	PROVIDER("google.generative_ai", "gemini", "gcp.gemini"),
	PROVIDER("google", "gemini", "gcp.gen_ai"),
	PROVIDER("google_genai", "gemini", "gcp.gen_ai"),
	PROVIDER("gcp.gen_ai", "gemini", "gcp.gen_ai"),
	PROVIDER("vertex_ai", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("vertex", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("vertexai", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("gcp.vertex_ai", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("google_vertex", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("google_vertex_ai", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("google.vertex", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("google.vertex.chat", "vertex_ai", "gcp.vertex_ai"),
	PROVIDER("cohere", "cohere", "cohere"),
	PROVIDER("cohere_chat", "cohere", "cohere"),
	PROVIDER("mistral", "mistral", "mistral_ai"),
	PROVIDER("mistralai", "mistral", "mistral_ai"),
	PROVIDER("mistral_ai", "mistral", "mistral_ai"),
	PROVIDER("groq", "groq", "groq"),
	PROVIDER("deepseek", "deepseek", "deepseek"),
	PROVIDER("xai", "xai", "x_ai"),
	PROVIDER("x_ai", "xai", "x_ai"),
	PROVIDER("grok", "xai", "x_ai"),
	PROVIDER("perplexity", "perplexity", "perplexity"),
	PROVIDER("pplx", "perplexity", "perplexity"),
	PROVIDER("watsonx", "watsonx", "ibm.watsonx.ai"),
	PROVIDER("ibm", "watsonx", "ibm.watsonx.ai"),
	PROVIDER("ibm.watsonx.ai", "watsonx", "ibm.watsonx.ai"),
	PROVIDER("moonshot", "moonshot", "moonshot_ai"),
	PROVIDER("moonshot_ai", "moonshot", "moonshot_ai"),
	PROVIDER("moonshotai", "moonshot", "moonshot_ai"),
	PROVIDER("kimi", "moonshot", "moonshot_ai"),
	PROVIDER("together_ai", "together_ai", "together_ai"),
	PROVIDER("together", "together_ai", "together_ai"),
	PROVIDER("togetherai", "together_ai", "together_ai"),
	PROVIDER("fireworks_ai", "fireworks_ai", "fireworks_ai"),
	PROVIDER("fireworks", "fireworks_ai", "fireworks_ai"),
	PROVIDER("ollama", "ollama", "ollama"),
	PROVIDER("openrouter", "openrouter", "openrouter"),
	PROVIDER("huggingface", "huggingface", "huggingface"),
	PROVIDER("hugging_face", "huggingface", "huggingface"),
	PROVIDER("hf", "huggingface", "huggingface"),
	PROVIDER("voyage", "voyage", "voyage"),
	PROVIDER("voyageai", "voyage", "voyage"),
	PROVIDER("zai", "zai", "zai"),
	PROVIDER("z.ai", "zai", "zai"),
	PROVIDER("z_ai", "zai", "zai"),
	PROVIDER("dashscope", "dashscope", "dashscope"),
	PROVIDER("alibaba", "dashscope", "dashscope"),
	PROVIDER("qwen", "dashscope", "dashscope"),
	PROVIDER("meta_llama", "meta_llama", "meta_llama"),
	PROVIDER("meta", "meta_llama", "meta_llama"),
	PROVIDER("nvidia_nim", "nvidia_nim", "nvidia_nim"),
	PROVIDER("nvidia", "nvidia_nim", "nvidia_nim"),
	PROVIDER("deepinfra", "deepinfra", "deepinfra"),
	PROVIDER("deep_infra", "deepinfra", "deepinfra"),
#undef PROVIDER
};

static char
folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char) (c + ('a' - 'A'));
	return c == '-' || c == ' ' ? '_' : c;
}

static bool
equal_folded(GenopsSlice text, GenopsSlice lower)
{
	if (text.length != lower.length)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (folded(text.data[i]) != lower.data[i])
			return false;
	}
	return true;
}

static const ProviderName *
find_exactly(GenopsSlice provider)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (equal_folded(provider, names[i].name))
			return &names[i];
	}
	return NULL;
}

/* SDKs append what the provider is asked for: "openai.chat", "anthropic.messages". */
static const ProviderName *
find(GenopsSlice provider)
{
	const ProviderName *found = find_exactly(provider);
	const char *dot = provider.length > 0 ? memchr(provider.data, '.', provider.length) : NULL;

	if (found == NULL && dot != NULL)
		found = find_exactly((GenopsSlice){ provider.data, (size_t) (dot - provider.data) });
	return found;
}

GenopsSlice
genops_ai_provider_fold(char *buffer, size_t size, GenopsSlice provider)
{
	const ProviderName *found;
	size_t length;

	provider = genops_slice_trim(provider);
	found = find(provider);
	if (found != NULL)
		return found->folded;
	length = genops_utf8_clip(provider, size);
	for (size_t i = 0; i < length; i++)
		buffer[i] = folded(provider.data[i]);
	return (GenopsSlice){ buffer, length };
}

GenopsSlice
genops_ai_provider_name(GenopsSlice provider)
{
	const ProviderName *found = find(provider);

	return found != NULL ? found->convention : provider;
}
