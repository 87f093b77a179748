@echo off
rem Visema Studio: sets itself up in .venv on the first start, then starts.
rem
rem   run.cmd                the studio              run.cmd render --help   and the other commands of launch.py
rem   run.cmd test [...]     the tests (pytest)      run.cmd --light [...]   without the neural engines' libraries
rem                                                  run.cmd --full [...]    with them; both retry what failed
rem
rem STUDIO_PYTHON names the Python to make .venv with. The work is done in studio\setup, for run.sh alike.
setlocal
set "SETUP=%~dp0studio\setup"
set "INSIDE=%~dp0.venv\Scripts\python.exe"
set "SUITABLE=import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))"
set "FOUND="

if not exist "%INSIDE%" goto find
"%INSIDE%" -I -c "%SUITABLE%" >nul 2>nul
if not "%ERRORLEVEL%" == "0" goto find
"%INSIDE%" -I "%SETUP%" %*
rem 250: .venv is broken, and only a Python outside of it can make it anew
if not "%ERRORLEVEL%" == "250" exit /b %ERRORLEVEL%

:find
if defined STUDIO_PYTHON call :try "%STUDIO_PYTHON%"
for %%V in (3.12 3.11 3.13 3.10 3.14) do call :try py -%%V
for %%P in (python3.12 python3.11 python3.13 python3 python) do call :try %%P
if not defined FOUND goto none
%FOUND% -I "%SETUP%" %*
exit /b %ERRORLEVEL%

:try
if defined FOUND goto :eof
%* -I -c "%SUITABLE%" >nul 2>nul
if "%ERRORLEVEL%" == "0" set FOUND=%*
goto :eof

:none
echo visema: no Python 3.10 to 3.14 was found; install Python 3.12 from python.org or the Microsoft Store, or name one in STUDIO_PYTHON. 1>&2
exit /b 1
