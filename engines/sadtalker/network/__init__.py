"""SadTalker's networks (Zhang et al. 2023), parameters named and shaped as in the official checkpoints.

Of SadTalker_V0.0.2_256/512.safetensors, by prefix: ``face_3drecon.`` FaceReconstruction, ``audio2exp.``
AudioToExpression, ``audio2pose.`` AudioToPose, ``kp_extractor.`` KeypointExtractor, ``generator.`` Generator.
Of mapping_00109/00229-model.pth.tar under "mapping": MappingNetwork.
"""
