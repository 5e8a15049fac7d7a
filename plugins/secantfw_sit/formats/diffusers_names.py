"""What diffusers' DiT calls the weights of SiT."""

from __future__ import annotations

OUTSIDE = {
    "pos_embed.proj": "x_embedder.proj",
    "proj_out_1": "final_layer.adaLN_modulation.1",
    "proj_out_2": "final_layer.linear",
}
#: Within a block: `transformer_blocks.0.` there, `blocks.0.` here.
INSIDE = {
    "norm1.linear": "adaLN_modulation.1",
    "attn1.to_out.0": "attn.proj",
    "ff.net.0.proj": "mlp.fc1",
    "ff.net.2": "mlp.fc2",
}
#: The three thirds of `attn.qkv`.
QKV = ("attn1.to_q", "attn1.to_k", "attn1.to_v")
#: diffusers repeats these in every block; SiT has them once.
SHARED = {
    "norm1.emb.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "norm1.emb.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "norm1.emb.class_embedder.embedding_table": "y_embedder.embedding_table",
}
