"""Searches for text with a decoder as a subgraph."""
import numpy as np
from onnx import helper, numpy_helper

from nodes import F32, I32, case, i32

VOCABULARY, HEADS, SIZE = 11, 2, 3
WIDTH = HEADS * SIZE
# Numbers of its own, so that cases before these do not change it.
random = np.random.default_rng(5)


def decoder(steepness=4.0):
    """Logits from the token, its position, the mean of all keys so far, and how many tokens count."""
    draw = lambda *shape: random.uniform(-1, 1, shape).astype(np.float32)
    node = lambda op, inputs, outputs, **more: helper.make_node(op, inputs.split(), outputs.split(), **more)
    weights = {"words": draw(VOCABULARY, WIDTH), "places": draw(16, WIDTH), "out": steepness * draw(WIDTH, VOCABULARY),
               "split": np.array([0, 0, HEADS, SIZE]), "row": np.array([0, 1, WIDTH]), "first": np.array([0]), "third": np.array([1, 2])}
    nodes = [
        node("Gather", "words input_ids", "word"), node("Gather", "places position_ids", "place"), node("Add", "word place", "x"),
        node("Reshape", "x split", "s"), node("Transpose", "s", "h", perm=[0, 2, 1, 3]), node("Unsqueeze", "h first", "key"), node("Neg", "key", "value"),
        node("Concat", "key value", "new", axis=0), node("Concat", "past_0 new", "present_0", axis=3),
        node("ReduceMean", "present_0", "m", axes=[3], keepdims=0), node("Gather", "m zero", "k", axis=0), node("Reshape", "k row", "mean"),
        node("Cast", "attention_mask", "counts", to=F32), node("ReduceMean", "counts", "share", axes=[1], keepdims=1), node("Unsqueeze", "share first2", "share3"),
        node("Mul", "mean share3", "context"), node("Add", "x context", "y"), node("MatMul", "y out", "logits")]
    weights.update(zero=np.array(0), first2=np.array([2]))
    past = [2, "batch", HEADS, "past", SIZE]
    graph = helper.make_graph(
        nodes, "decoder",
        [helper.make_tensor_value_info(n, I32, ["batch", "length"]) for n in ("input_ids", "position_ids")]
        + [helper.make_tensor_value_info("attention_mask", I32, ["batch", "seen"]), helper.make_tensor_value_info("past_0", F32, past)],
        [helper.make_tensor_value_info("logits", F32, ["batch", "length", VOCABULARY]), helper.make_tensor_value_info("present_0", F32, [2, "batch", HEADS, "all", SIZE])],
        [numpy_helper.from_array(v, k) for k, v in weights.items()])
    return graph


def encoder_and_decoder(has_run):
    """Means of what the encoder and the decoder have seen; an older kind of encoder runs the decoder on the first token, too."""
    draw = lambda *shape: random.uniform(-1, 1, shape).astype(np.float32)
    weights = {"words": draw(VOCABULARY, WIDTH), "out": 4 * draw(WIDTH, VOCABULARY), "split": np.array([0, 0, HEADS, SIZE]), "row": np.array([0, 1, WIDTH]), "third": np.array([2])}
    constants = [numpy_helper.from_array(v, k) for k, v in weights.items()]
    node = lambda op, inputs, outputs, **more: helper.make_node(op, inputs.split(), outputs.split(), **more)
    info = lambda name, *shape: helper.make_tensor_value_info(name, I32 if name.endswith(("ids", "mask")) else F32, ["batch", *shape])
    heads = lambda x, to: [node("Reshape", f"{x} split", f"{to}_s"), node("Transpose", f"{to}_s", to, perm=[0, 2, 1, 3])]
    average = lambda x, to: [node("ReduceMean", x, f"{to}_m", axes=[2], keepdims=0), node("Reshape", f"{to}_m row", to)]
    # Logits of one token, from its word and the averages.
    answer = lambda: average("present_key_self_0", "own") + average("cross", "other") + [
        node("Add", "own other", "both"), node("Add", "both token", "y"), node("MatMul", "y out", "logits")]
    cache = lambda name, length: info(name, HEADS, length, SIZE)

    encode = [node("Gather", "words encoder_input_ids", "x"), node("Cast", "encoder_attention_mask", "counts", to=F32), node("Unsqueeze", "counts third", "counts3"),
              node("Mul", "x counts3", "encoder_hidden_states")] + heads("encoder_hidden_states", "present_key_cross_0") + [node("Neg", "present_key_cross_0", "present_value_cross_0")]
    inputs = [info("encoder_input_ids", "length"), info("encoder_attention_mask", "length")]
    outputs = [cache("present_key_cross_0", "length"), cache("present_value_cross_0", "length")]
    if has_run:
        encode += [node("Gather", "words decoder_input_ids", "token")] + heads("token", "present_key_self_0") + [
            node("Neg", "present_key_self_0", "present_value_self_0"), node("Identity", "present_key_cross_0", "cross")] + answer()
        inputs.append(info("decoder_input_ids", 1))
        outputs = [info("logits", 1, VOCABULARY), info("encoder_hidden_states", "length", WIDTH), cache("present_key_self_0", 1), cache("present_value_self_0", 1)] + outputs
    encoder = helper.make_graph(encode, "encoder", inputs, outputs, constants)
    decode = [node("Gather", "words input_ids", "token")] + heads("token", "key") + [
        node("Concat", "past_key_self_0 key", "present_key_self_0", axis=2), node("Neg", "key", "value"), node("Concat", "past_value_self_0 value", "present_value_self_0", axis=2),
        node("Add", "past_key_cross_0 past_key_cross_0", "twice"), node("Add", "twice past_value_cross_0", "cross")] + answer()
    inputs = [info("input_ids", 1), info("encoder_attention_mask", "length")] + ([info("encoder_hidden_states", "length", WIDTH)] if has_run else [])
    inputs += [cache(f"past_{kind}_self_0", "past") for kind in ("key", "value")] + [cache(f"past_{kind}_cross_0", "length") for kind in ("key", "value")]
    outputs = [info("logits", 1, VOCABULARY), cache("present_key_self_0", "all"), cache("present_value_self_0", "all")]
    return dict(encoder=encoder, decoder=helper.make_graph(decode, "decoder", inputs, outputs, constants))


def follow(graph, ids, steps, penalty=0.0):
    """The most probable tokens, without an end; `penalty` [lanes, vocabulary] is taken off the logits."""
    weight = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    ids = ids.copy()
    for _ in range(steps):
        x = weight["words"][ids] + weight["places"][:ids.shape[1]]
        logits = (x[:, -1] + x.mean(1)) @ weight["out"] - penalty
        ids = np.concatenate([ids, logits.argmax(1)[:, None].astype(np.int32)], 1)
    return ids, logits.astype(np.float32)


def add():
    graph = decoder()
    ids = i32(3, 1, 4, 1, 5, 2).reshape(2, 3)
    padded = i32(10, 10, 4, 1, 5, 2).reshape(2, 3)
    words = np.ones(VOCABULARY, np.int32)
    words[[2, 7]] = 0
    first = np.zeros((2, VOCABULARY), np.int32)
    first[0, 1] = first[1, 6] = 1
    one = lambda x: np.array([x], np.float32)
    for name, inputs in {
        "plain": [ids, i32(9)],
        "end": [ids, i32(12), i32(6)],
        "ends_all": [ids, i32(12)],
        "repetition": [ids, i32(9), None, one(1.8)],
        "masks": [ids, i32(9), None, None, words, first],
        "padding": [padded, i32(9)],
        "mask_given": [padded, i32(9), None, None, None, None, i32(0, 0, 1, 1, 1, 1).reshape(2, 3)],
        "no_pair_twice": [ids, i32(12)],
    }.items():
        settings = dict(decoder=graph, eos_token_id={"end": 8, "ends_all": 4}.get(name, 9), pad_token_id=10, vocab_size=VOCABULARY)
        case("greedy_search_" + name, "GreedySearch", inputs, types=[I32], **settings)
        if name == "mask_given":
            continue
        if name == "no_pair_twice":
            settings["no_repeat_ngram_size"] = 2
        beams = [inputs[0], inputs[1], inputs[2] if len(inputs) > 2 and inputs[2] is not None else i32(0), i32(3), i32(2), one(0.7)] + inputs[3:]
        case("beam_search_" + name, "BeamSearch", beams, 2, types=[I32, F32], early_stopping=int(name == "masks"), **settings)
        # One token has all of the probability that is kept.
        case("sampling_" + name, "Sampling", inputs, types=[I32], top_p=1e-6, min_tokens_to_keep=1, temperature=0.7, **settings)
        case("sampling_custom_" + name, "Sampling", inputs, types=[I32], top_p=1e-6, custom=1, temperature=2.0, **settings)
    penalties = np.zeros((2, VOCABULARY), np.int32)
    penalties[0, 6] = penalties[1, 3] = 1
    one_more = dict(decoder=graph, eos_token_id=-1, pad_token_id=10, vocab_size=VOCABULARY, custom=1)
    # ONNX Runtime reads but the first number of this mask.
    case("sampling_presence", "Sampling", [ids, i32(9), None, None, None, None, None, penalties], types=[I32], top_p=1e-6, presence_penalty=50.0,
         expected=[follow(graph, ids, 6, 50 * penalties)[0]], **one_more)
    # The most probable token keeps its score, others are filtered.
    words, logits = follow(graph, ids, 3)
    filtered = np.where(logits == logits.max(1, keepdims=True), logits, np.float32(-7)).astype(np.float32)
    case("sampling_filtered", "Sampling", [ids, i32(6)], 2, types=[I32, F32], top_p=1e-6, filter_value=-7.0, expected=[words, filtered], **one_more)
    for name, has_run in (("encoder", False), ("encoder_that_begins", True)):
        graphs = encoder_and_decoder(has_run)
        prompt = i32(10, 1, 4, 10, 5, 2, 6, 7).reshape(2, 4)
        more = dict(model_type=1, decoder_start_token_id=2, eos_token_id=8, pad_token_id=10, vocab_size=VOCABULARY, types=[I32, F32], **graphs)
        case("beam_search_" + name, "BeamSearch", [prompt, i32(9), i32(0), i32(3), i32(2), one(1.0)], 2, **more)
        case("beam_search_" + name + "_repetition", "BeamSearch", [prompt, i32(7), i32(5), i32(2), i32(1), one(1.3), one(1.5)], 2, no_repeat_ngram_size=2, **more)
    # The first run has a graph of its own, here with other weights.
    other = decoder()
    other.name = "init_decoder"
    for name, end in (("init_decoder", 9), ("init_decoder_ends", 0)):
        more = dict(decoder=graph, init_decoder=other, eos_token_id=end, pad_token_id=10, vocab_size=VOCABULARY)
        case("greedy_search_" + name, "GreedySearch", [ids, i32(8)], types=[I32], **more)
        case("beam_search_" + name, "BeamSearch", [ids, i32(8), i32(0), i32(3), i32(2), one(0.7)], 2, types=[I32, F32], **more)
