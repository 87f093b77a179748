/* NVIDIA's Audio2Face-3D SDK in plain C: nothing of C++'s library crosses this line, whose ABI differs on its two sides. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One model with one track. Not for several threads at once. */
typedef struct VisemaFace VisemaFace;

typedef struct {
    const char* path; /* model.json */
    int diffusion;    /* whether it describes a diffusion model; else a regression model */
    size_t identity;  /* diffusion: which of the model's faces */
    int gpu_solver;
    int constant_noise; /* diffusion */
    size_t fps;         /* regression */
} VisemaFaceChoice;

/* What went wrong is written here, "" if nothing did. */
typedef struct {
    char text[512];
} VisemaFault;

/* NULL and a fault, or a model to be closed. */
VisemaFace* visema_face_open(const VisemaFaceChoice* choice, VisemaFault* fault);
void visema_face_close(VisemaFace* face);

size_t visema_face_weights(const VisemaFace* face);
size_t visema_face_emotions(const VisemaFace* face);
void visema_face_rate(const VisemaFace* face, size_t* numerator, size_t* denominator);
/* The name of a weight, "" if it has none. Lives as long as the face. */
const char* visema_face_name(const VisemaFace* face, size_t weight);

/* Runs over mono samples at 16 kHz from a fresh start, with one emotion throughout, and calls `frame` for every frame in
   order, on this thread. */
typedef void (*VisemaFrame)(void* data, int64_t sample, const float* weights, size_t count);
void visema_face_run(VisemaFace* face, const float* samples, size_t count, const float* emotion, VisemaFrame frame, void* data,
                     VisemaFault* fault);

#ifdef __cplusplus
}
#endif
