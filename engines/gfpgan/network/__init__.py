"""Networks that make a face clearer, parameters named and shaped as in the official checkpoints.

GFPGANv1.3.pth and GFPGANv1.4.pth, under "params_ema": Gfpgan. parsing_parsenet.pth: ParseNet.
"""
